import { command, connect } from 'millrace';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';
import { requirePeer, startRedis } from '../redis.ts';

interface Work {
  readonly n: number;
}

interface Bull {
  readonly Queue: new (
    name: string,
    options: object,
  ) => { addBulk(jobs: readonly object[]): Promise<unknown>; close(): Promise<void> };
  readonly Worker: new (
    name: string,
    handler: (job: { data: Work }) => Promise<void>,
    options: object,
  ) => { close(): Promise<void> };
}

const ours = 100_000;
const theirs = 10_000;
const inFlight = 500;

/** Seconds from the first send until every command was handled and acknowledged. */
async function runMillrace(dataDir: string): Promise<number> {
  const work = command<Work>('work');
  const mr = await connect({ dataDir, config: false });
  const seen = new Uint8Array(ours);
  let handled = 0;
  const done = Promise.withResolvers<void>();
  const begin = performance.now();
  const subscription = await mr.handle(work, { concurrency: 100 }, async ({ n }) => {
    seen[n] = 1;
    if (++handled === ours) done.resolve();
  });
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < ours) await mr.send(work, { n: next++ });
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  await done.promise;
  await subscription.close();
  const seconds = (performance.now() - begin) / 1000;
  await mr.close();
  verify(
    seen.every((flag) => flag === 1),
    'every command was handled',
  );
  return seconds;
}

async function runBull(port: number): Promise<number> {
  const { Queue, Worker } = requirePeer('bullmq') as Bull;
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const seen = new Uint8Array(theirs);
  let handled = 0;
  const done = Promise.withResolvers<void>();
  const queue = new Queue('work', { connection });
  const begin = performance.now();
  const worker = new Worker(
    'work',
    async ({ data }) => {
      seen[data.n] = 1;
      if (++handled === theirs) done.resolve();
    },
    { connection, concurrency: 100 },
  );
  for (let at = 0; at < theirs; at += inFlight) {
    await queue.addBulk(
      Array.from({ length: inFlight }, (_, index) => ({ name: 'work', data: { n: at + index }, opts: { removeOnComplete: true } })),
    );
  }
  await done.promise;
  await worker.close();
  const seconds = (performance.now() - begin) / 1000;
  await queue.close();
  verify(
    seen.every((flag) => flag === 1),
    'every job was processed',
  );
  return seconds;
}

const commandsCase: Case = {
  name: 'commands end to end, fsync before ack',
  target: '≥ 10 × BullMQ on Redis (appendonly everysec)',
  async run(tools) {
    await using redis = await startRedis(tools.directory());
    let a = Infinity;
    let b = Infinity;
    for (let round = 0; round < 3; round++) {
      b = Math.min(b, await runBull(redis.port));
      a = Math.min(a, await runMillrace(tools.directory()));
    }
    const ratio = ours / a / (theirs / b);
    return { ours: rate(ours, a), peer: `BullMQ addBulk: ${rate(theirs, b)}`, ratio, met: ratio >= 10 };
  },
};

export default commandsCase;
