import { readSync, openSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { connect, eventStream } from 'millrace';
import { rate, storedBytes, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const total = 1_000_000;
const perFrame = 500;
const payloadBytes = 200;
const recordBytes = storedBytes(payloadBytes);
const headBytes = recordBytes - payloadBytes;

/** Payloads say by their bytes which of their frame they are. */
function isPayload(payload: Uint8Array, index: number): boolean {
  const byte = (index % perFrame) & 0xff;
  return payload.length === payloadBytes && payload[0] === byte && payload[payloadBytes - 1] === byte;
}

/** Reads frames, checks each CRC and walks its records, giving each payload out as a view: what any log reader must do. */
function rawScan(file: string): number {
  const frameBytes = perFrame * recordBytes;
  const frame = Buffer.alloc(frameBytes + 4);
  const descriptor = openSync(file, 'r');
  let seen = 0;
  for (let left = total / perFrame; left > 0; left--) {
    readSync(descriptor, frame, 0, frame.length, null);
    verify(crc32(frame.subarray(4)) === frame.readUInt32LE(0), 'frame');
    for (let at = 4; at < frame.length; at += recordBytes) {
      const payload = frame.subarray(at + headBytes, at + headBytes + frame.readUInt32LE(at));
      seen += isPayload(payload, seen) ? 1 : 0;
    }
  }
  closeSync(descriptor);
  return seen;
}

function writeRaw(file: string): void {
  const frame = Buffer.alloc(perFrame * recordBytes + 4);
  for (let index = 0; index < perFrame; index++) {
    const at = 4 + index * recordBytes;
    frame.writeUInt32LE(payloadBytes, at);
    frame.fill(index & 0xff, at + headBytes, at + recordBytes);
  }
  frame.writeUInt32LE(crc32(frame.subarray(4)), 0);
  writeFileSync(file, Buffer.concat(Array.from({ length: total / perFrame }, () => frame)));
}

const replayCase: Case = {
  name: 'replay of 1 M events, 200 B',
  target: '≥ 0.4 × a raw scan with CRC',
  async run(tools) {
    const directory = tools.directory();
    const raw = join(directory, 'raw');
    writeRaw(raw);
    const stream = eventStream<Uint8Array>('events', { contentType: 'application/octet-stream' });
    await using mr = await connect({ dataDir: join(directory, 'data'), config: false });
    const payloads = Array.from({ length: perFrame }, () => new Uint8Array(payloadBytes)).map((payload, index) =>
      payload.fill(index),
    );
    for (let sent = 0; sent < total; sent += perFrame) await mr.publishAll(stream, payloads);
    const limit = await tools.best(4, async () => verify(rawScan(raw) === total, 'raw scan'));
    const ours = await tools.best(4, async () => {
      let count = 0;
      for await (const events of mr.read(stream)) for (const { payload } of events) count += isPayload(payload, count) ? 1 : 0;
      verify(count === total, `${count} events`);
    });
    const ratio = limit / ours;
    return { ours: rate(total, ours), peer: `raw: ${rate(total, limit)}`, ratio, met: ratio >= 0.4 };
  },
};

export default replayCase;
