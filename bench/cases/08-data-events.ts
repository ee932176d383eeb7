import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, region } from 'millrace';
import type { Millrace } from 'millrace';
import { percentile, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const perSecond = 10_000;
const seconds = 5;
const board = region<{ at: number }>('board');

/** Puts on schedule; each carries the time at which it was due, so that a late put counts as late. */
async function putOnSchedule(mr: Millrace, count: number): Promise<void> {
  const entries = mr.region(board);
  const begin = performance.timeOrigin + performance.now();
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < count;) {
    const now = performance.timeOrigin + performance.now();
    for (; index < count && begin + (index * 1000) / perSecond <= now; index++) {
      pending.push(entries.put(`k${index % 1000}`, { at: begin + (index * 1000) / perSecond }));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(pending);
}

async function measureWatch(mr: Millrace, count: number, start: () => unknown): Promise<number[]> {
  const samples: number[] = [];
  const done = Promise.withResolvers<void>();
  await using _watch = await mr.region(board).watch({ snapshot: 'none' }, ({ kind, value }) => {
    if (kind === 'live') start();
    else if (value) samples.push(performance.timeOrigin + performance.now() - value.at);
    if (samples.length === count) done.resolve();
  });
  await done.promise;
  return samples;
}

const dataEventsCase: Case = {
  name: 'put → watcher in another process at 10,000 puts/s, fsynced',
  target: 'p99 ≤ 1 ms',
  async run(tools) {
    const dataDir = tools.directory();
    await using mr = await connect({ dataDir, config: false });
    await mr.region(board).put('warm', { at: 0 });
    const child = fork(import.meta.filename, [dataDir], { execArgv: process.execArgv });
    const count = perSecond * seconds;
    const samples = await measureWatch(mr, count, () => child.send(count));
    await once(child, 'exit');
    const steady = samples.slice(perSecond);
    verify(samples.length === count, 'every change was seen');
    const [p50, p99] = [percentile(steady, 0.5), percentile(steady, 0.99)];
    return { ours: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`, peer: '–', met: p99 <= 1 };
  },
};

if (process.send !== undefined && process.argv[2] !== undefined) {
  const mr = await connect({ dataDir: process.argv[2], config: false });
  mr.region(board);
  const [count] = (await once(process, 'message')) as [number];
  await putOnSchedule(mr, count);
  await mr.close();
  process.disconnect();
}

export default dataEventsCase;
