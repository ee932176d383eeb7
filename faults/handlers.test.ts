import { expect, it } from 'vitest';
import { connect, eventStream } from 'millrace';
import { eventually, place, Program, rounds, temporaryDirectory } from './harness.ts';

const stream = eventStream<{ n: number }>('events', { key: ({ n }) => `k${n % 3}` });

it('F13: a consumer ten times slower than its producer keeps memory bounded', { timeout: rounds(60_000, 900_000) }, async () => {
  const samples: number[] = [];
  let done = '';
  const program = new Program('greedy-producer', [place({ dataDir: temporaryDirectory() }), String(rounds(6, 600))], (message) => {
    const [what, value] = message.split(' ') as [string, string];
    if (what === 'rss') samples.push(Number(value));
    if (what === 'done') done = message;
  });
  expect(await program.exited).toBe(0);
  const [, published, handled] = done.split(' ').map(Number) as [number, number, number];
  expect(published).toBeGreaterThan(handled * 10);
  // What a run needs is there after a third of it; the rest may not add to it what was published meanwhile.
  const settled = Math.max(...samples.slice(0, Math.ceil(samples.length / 3)));
  const peak = Math.max(...samples);
  expect(peak - settled).toBeLessThan(64 * 1024 * 1024);
});

it('F14: a poison message is parked with its cause and the others of its partition go on, in order', async () => {
  await using mr = await connect({ dataDir: temporaryDirectory(), config: false });
  const seen: number[] = [];
  await mr.subscribe(stream, { group: 'g', retry: { maxAttempts: 3, backOffInitialInterval: 5 } }, ({ n }) => {
    if (n === 7) throw new Error('poison');
    seen.push(n);
  });
  await mr.publishAll(
    stream,
    Array.from({ length: 30 }, (_, n) => ({ n })),
  );
  await eventually('all others are handled', () => seen.length === 29);
  for (const key of [0, 1, 2])
    expect(seen.filter((n) => n % 3 === key)).toEqual(seen.filter((n) => n % 3 === key).toSorted((a, b) => a - b));
  await eventually('it is parked', async () => (await mr.parked.summary()).length > 0);
  const [parked] = await mr.parked.list();
  expect(parked).toMatchObject({ destination: 'events', group: 'g', attempts: 3, key: 'k1', cause: { message: 'poison' } });
});

it('F20: an exception that nobody awaits in user code is isolated, and the message is not lost', async () => {
  await using mr = await connect({ dataDir: temporaryDirectory(), config: false });
  const seen = new Map<number, number>();
  await mr.subscribe(stream, { group: 'g', retry: { maxAttempts: 3, backOffInitialInterval: 5 } }, async ({ n }) => {
    const count = (seen.get(n) ?? 0) + 1;
    seen.set(n, count);
    if (n === 4 && count === 1) throw new TypeError('first try');
    if (n === 5 && count === 1) await Promise.reject(new Error('rejected'));
  });
  await mr.publishAll(
    stream,
    Array.from({ length: 10 }, (_, n) => ({ n })),
  );
  await eventually('all are handled, the failing ones again', () => seen.size === 10 && seen.get(4) === 2 && seen.get(5) === 2);
  expect(await mr.parked.summary()).toEqual([]);
});
