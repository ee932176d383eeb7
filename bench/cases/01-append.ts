import { connect, eventStream } from 'millrace';
import type { Millrace } from 'millrace';
import { rate, storedBytes, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const batchSize = 500;
const payloadBytes = 200;
const batches = 600;
/** Code for the broker's thread is compiled anew with each connection. */
const warmUps = 300;
const rounds = 5;
const stream = eventStream<Uint8Array>('events', { contentType: 'application/octet-stream' });

/** Seconds for the batches, so many in flight; each is on stable storage before the next of its lane is sent. */
async function append(mr: Millrace, count: number, lanes: number): Promise<number> {
  const payloads = Array.from({ length: batchSize }, (_, index) => new Uint8Array(payloadBytes).fill(index));
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    for (let batch = 0; batch < count / lanes; batch++) await mr.publishAll(stream, payloads);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (performance.now() - begin) / 1000;
}

async function check(mr: Millrace, expected: number): Promise<void> {
  let count = 0;
  for await (const events of mr.read(stream)) {
    const intact = events.every(({ payload, offset }) => {
      const value = (offset % batchSize) % 256;
      return payload.length === payloadBytes && payload.every((byte) => byte === value);
    });
    verify(intact, 'payload');
    count += events.length;
  }
  verify(count === expected, `${count} events`);
}

/**
 * The C loop has one batch in flight, each with a flush of its own. Beside it: the same, and four callers at once as in a service,
 * whose batches may share a flush; none is acknowledged before its own bytes are flushed.
 */
const appendCase: Case = {
  name: 'durable append, batches of 500 × 200 B, 4 in flight',
  target: '≥ 0.6 × write + fdatasync in C',
  async run(tools) {
    let alone = Infinity;
    let together = Infinity;
    let limit = Infinity;
    for (let round = 0; round < rounds; round++) {
      limit = Math.min(limit, tools.appendInC(batchSize * storedBytes(payloadBytes), batches) ?? Infinity);
      await using mr = await connect({ dataDir: tools.directory(), config: false });
      await append(mr, warmUps, 1);
      alone = Math.min(alone, await append(mr, batches, 1));
      together = Math.min(together, await append(mr, batches, 4));
      await check(mr, (warmUps + 2 * batches) * batchSize);
    }
    const events = batches * batchSize;
    const ratio = limit / together;
    const single = `one at a time: ${rate(events, alone)} = ${(limit / alone).toFixed(2)}`;
    return { ours: `${rate(events, together)} (${single})`, peer: `C: ${rate(events, limit)}`, ratio, met: ratio >= 0.6 };
  },
};

export default appendCase;
