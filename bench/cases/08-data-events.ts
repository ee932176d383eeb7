import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { connect, region } from 'millrace';
import type { Millrace } from 'millrace';
import { percentile, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const perSecond = 10_000;
const seconds = 10;
/** Seconds until the code is compiled and what piled up meanwhile is done. */
const warmUp = 4;
const board = region<{ at: number }>('board');

/**
 * Puts on schedule; each carries the time at which it was due, so that a late put counts as late. Sleeps for a moment between looks
 * at the clock: a writer that spins would take from the others the core that they are measured on.
 */
async function putOnSchedule(mr: Millrace, count: number): Promise<void> {
  const entries = mr.region(board);
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const begin = performance.timeOrigin + performance.now();
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < count;) {
    const now = performance.timeOrigin + performance.now();
    for (; index < count && begin + (index * 1000) / perSecond <= now; index++) {
      pending.push(entries.put(`k${index % 1000}`, { at: begin + (index * 1000) / perSecond }));
    }
    // One turn to hand the puts over, one to send them.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(sleep, 0, 0, 0.05);
  }
  await Promise.all(pending);
}

/** Milliseconds from a put's due time until the watcher was told, in order of arrival. */
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

/** Milliseconds that small appends to preallocated space take on this disk now, each flushed: no put is told of sooner. */
function flushes(directory: string): number[] {
  const file = openSync(join(directory, 'flushes'), 'w');
  const samples: number[] = [];
  try {
    writeSync(file, Buffer.alloc(8 << 20));
    fdatasyncSync(file);
    for (let index = 0; index < 2000; index++) {
      const begin = performance.now();
      writeSync(file, Buffer.alloc(2048, 1), 0, 2048, index * 2048);
      fdatasyncSync(file);
      samples.push(performance.now() - begin);
    }
  } finally {
    closeSync(file);
  }
  return samples;
}

const told = (samples: readonly number[]): string =>
  `p50 ${percentile(samples, 0.5).toFixed(2)} ms, p99 ${percentile(samples, 0.99).toFixed(2)} ms`;

const dataEventsCase: Case = {
  name: 'put → watcher in another process at 10,000 puts/s, fsynced',
  target: 'p99 ≤ 1 ms',
  async run(tools) {
    const dataDir = tools.directory();
    await using mr = await connect({ dataDir, config: false });
    await mr.region(board).put('warm', { at: 0 });
    const child = fork(import.meta.filename, [dataDir], { execArgv: process.execArgv });
    const count = perSecond * seconds;
    const disk = flushes(tools.directory());
    const samples = await measureWatch(mr, count, () => child.send(count));
    await once(child, 'exit');
    verify(samples.length === count, 'every change was seen');
    const steady = samples.slice(warmUp * perSecond);
    return { ours: told(steady), peer: `the disk's flush: ${told(disk)}`, met: percentile(steady, 0.99) <= 1 };
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
