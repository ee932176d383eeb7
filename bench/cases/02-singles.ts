import { connect, eventStream } from 'millrace';
import { percentile, rate, storedBytes, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const callers = 1000;
const perCaller = 300;

const singlesCase: Case = {
  name: '1000 concurrent single publishes, 200 B',
  target: '≥ 0.3 × the loop of batches in C, p99 ≤ 10 ms',
  async run(tools) {
    const stream = eventStream<Uint8Array>('events', { contentType: 'application/octet-stream' });
    const payload = new Uint8Array(200).fill(7);
    const limit = Math.min(...[1, 2, 3].map(() => tools.appendInC(500 * storedBytes(200), 600) ?? Infinity)) / (600 * 500);
    let best = Infinity;
    let p99 = Infinity;
    for (let round = 0; round < 3; round++) {
      await using mr = await connect({ dataDir: tools.directory(), config: false });
      const latencies = new Float64Array(callers * perCaller);
      let next = 0;
      const caller = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index++) {
          const begin = performance.now();
          await mr.publish(stream, payload);
          latencies[next++] = performance.now() - begin;
        }
      };
      await Promise.all(Array.from({ length: callers }, () => caller(20)));
      next = 0;
      const begin = performance.now();
      await Promise.all(Array.from({ length: callers }, () => caller(perCaller)));
      best = Math.min(best, (performance.now() - begin) / 1000);
      p99 = Math.min(p99, percentile([...latencies], 0.99));
      let count = 0;
      for await (const events of mr.read(stream)) {
        verify(
          events.every((event) => event.payload.length === 200 && event.payload.every((byte) => byte === 7)),
          'payload',
        );
        count += events.length;
      }
      verify(count === callers * (perCaller + 20), `${count} events`);
    }
    const ratio = (limit * callers * perCaller) / best;
    return {
      ours: `${rate(callers * perCaller, best)}, p99 ${p99.toFixed(1)} ms`,
      peer: `C: ${rate(1, limit)}`,
      ratio,
      met: ratio >= 0.3 && p99 <= 10,
    };
  },
};

export default singlesCase;
