import { connect, eventStream } from 'millrace';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const batchSize = 500;
const payloadBytes = 200;
const batches = 600;
/** What our own format stores beside a payload; the limit writes the same bytes. */
const overheadBytes = 24;

const appendCase: Case = {
  name: 'durable append, batches of 500 × 200 B',
  target: '≥ 0.6 × write + fdatasync in C',
  async run(tools) {
    const stream = eventStream<Uint8Array>('events', { contentType: 'application/octet-stream' });
    const payloads = Array.from({ length: batchSize }, (_, index) => new Uint8Array(payloadBytes).fill(index));
    let ours = Infinity;
    let limit = Infinity;
    for (let round = 0; round < 3; round++) {
      limit = Math.min(limit, tools.appendInC(batchSize * (payloadBytes + overheadBytes), batches) ?? Infinity);
      await using mr = await connect({ dataDir: tools.directory(), config: false });
      for (let warm = 0; warm < 50; warm++) await mr.publishAll(stream, payloads);
      const begin = performance.now();
      for (let batch = 0; batch < batches; batch++) await mr.publishAll(stream, payloads);
      ours = Math.min(ours, (performance.now() - begin) / 1000);
      let count = 0;
      for await (const events of mr.read(stream)) {
        verify(
          events.every(({ payload, offset }) => payload.length === payloadBytes && payload[0] === (offset % batchSize) % 256),
          'payload',
        );
        count += events.length;
      }
      verify(count === (batches + 50) * batchSize, `${count} events`);
    }
    const events = batches * batchSize;
    const ratio = limit / ours;
    return { ours: rate(events, ours), peer: `C: ${rate(events, limit)}`, ratio, met: ratio >= 0.6 };
  },
};

export default appendCase;
