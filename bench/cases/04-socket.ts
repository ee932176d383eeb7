import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, eventStream } from 'millrace';
import type { Millrace } from 'millrace';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const batchSize = 500;
const batches = 400;
const stream = eventStream<Uint8Array>('events', { contentType: 'application/octet-stream' });

/** Each payload is filled with its number in the batch. */
const payloads = Array.from({ length: batchSize }, (_, index) => new Uint8Array(200).fill(index));
const sumOfBatch = payloads.reduce((sum, payload) => sum + payload[0]!, 0);

/** Seconds for the batches, a few in flight so that both ways are limited by work, not by waiting. */
async function append(mr: Millrace, count: number): Promise<number> {
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    for (let batch = 0; batch < count / 4; batch++) await mr.publishAll(stream, payloads);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return (performance.now() - begin) / 1000;
}

const socketCase: Case = {
  name: 'append from a second process over the socket',
  target: '≥ 0.5 × in-process',
  async run(tools) {
    let inside = Infinity;
    let outside = Infinity;
    for (let round = 0; round < 3; round++) {
      const dataDir = tools.directory();
      await using mr = await connect({ dataDir, config: false });
      await append(mr, 40);
      inside = Math.min(inside, await append(mr, batches));
      const child = fork(import.meta.filename, [dataDir], { execArgv: process.execArgv });
      const [seconds] = (await once(child, 'message')) as [number];
      outside = Math.min(outside, seconds);
      let [count, sum] = [0, 0];
      for await (const events of mr.read(stream))
        for (const { payload } of events) {
          verify(payload.length === 200 && payload[0] === payload[199], 'payload');
          sum += payload[0]!;
          count++;
        }
      const sent = (batches + 40) * 2;
      verify(count === sent * batchSize && sum === sent * sumOfBatch, `${count} events with sum ${sum}`);
    }
    const ratio = inside / outside;
    return {
      ours: rate(batches * batchSize, outside),
      peer: `in-process: ${rate(batches * batchSize, inside)}`,
      ratio,
      met: ratio >= 0.5,
    };
  },
};

if (process.send !== undefined && process.argv[2] !== undefined) {
  const mr = await connect({ dataDir: process.argv[2], config: false });
  await append(mr, 40);
  process.send(await append(mr, batches));
  await mr.close();
  process.disconnect();
}

export default socketCase;
