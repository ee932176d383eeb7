import { ManualClock, systemClock } from '@millrace/core';
import { array, assert, asyncProperty, boolean, constantFrom, integer, nat, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { KeyedExecutor, type Step } from '../../src/policies/keyed-executor.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('keys run concurrently, tasks of one key in order', async () => {
  const executor = new KeyedExecutor(systemClock, 2);
  const gates = new Map<string, () => void>();
  const begun: string[] = [];
  const submit = (key: string, name: string) =>
    executor.submit(key, () => {
      begun.push(name);
      return new Promise<void>((resolve) => gates.set(name, resolve));
    });
  for (const name of ['a1', 'a2', 'b1', 'c1']) submit(name[0]!, name);
  expect(begun).toEqual(['a1', 'b1']);
  gates.get('a1')!();
  await turn();
  expect(begun).toEqual(['a1', 'b1', 'c1']);
  gates.get('b1')!();
  await turn();
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
});

test('a task that is to run again holds back its key only, and no slot', async () => {
  const clock = new ManualClock();
  const executor = new KeyedExecutor(clock, 1);
  const ran: string[] = [];
  let tries = 0;
  executor.submit('a', () => {
    ran.push(`a1.${++tries}`);
    return tries < 3 ? { againAfterMs: 1000 } : undefined;
  });
  executor.submit('a', () => void ran.push('a2'));
  executor.submit('b', () => void ran.push('b1'));
  await turn();
  await clock.advance(999);
  expect(ran).toEqual(['a1.1', 'b1']);
  await clock.advance(1);
  expect(ran).toEqual(['a1.1', 'b1', 'a1.2']);
  await clock.advance(1000);
  expect(ran).toEqual(['a1.1', 'b1', 'a1.2', 'a1.3', 'a2']);
  expect(executor.size).toBe(0);
});

test('held tasks can be woken', async () => {
  const executor = new KeyedExecutor(new ManualClock(), 1);
  let tries = 0;
  executor.submit('a', () => (++tries === 1 ? { againAfterMs: 60_000 } : undefined));
  await turn();
  executor.wake('other');
  expect(tries).toBe(1);
  executor.wake('a');
  await executor.idle();
  expect(tries).toBe(2);
});

test('while paused nothing begins', async () => {
  const executor = new KeyedExecutor(systemClock, 4);
  let begun = 0;
  executor.pause();
  executor.submit('a', () => void begun++);
  executor.submit(undefined, () => void begun++);
  await turn();
  expect(begun).toBe(0);
  executor.resume();
  await executor.idle();
  expect(begun).toBe(2);
});

test('waiting outside frees the slot', async () => {
  const executor = new KeyedExecutor(systemClock, 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  executor.submit('a', async () => {
    await executor.outside(promise);
  });
  // With the slot occupied this one could never run, and the first would wait for ever.
  executor.submit('b', () => resolve());
  await executor.idle();
  expect(executor.running).toBe(0);
});

test('whatever the tasks do, order per key, the bound on concurrency and completeness hold', async () => {
  const plan = array(
    record({
      key: option(constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
      turns: nat(3),
      retries: nat(2),
      sync: boolean(),
    }),
    { maxLength: 60 },
  );
  await assert(
    asyncProperty(plan, integer({ min: 1, max: 5 }), async (tasks, concurrency) => {
      const executor = new KeyedExecutor(systemClock, concurrency);
      const finished: number[] = [];
      const active = new Set<string>();
      let running = 0;
      let broken = '';
      tasks.forEach(({ key, turns, retries, sync }, index) => {
        let left = retries;
        const step = (): Step => (left-- > 0 ? { againAfterMs: 0 } : void finished.push(index));
        executor.submit(key, () => {
          if (sync) return step();
          running++;
          if (running > concurrency) broken = 'too many at once';
          if (key !== undefined && active.has(key)) broken = `two of key ${key} at once`;
          if (key !== undefined) active.add(key);
          return (async () => {
            for (let count = 0; count < turns; count++) await Promise.resolve();
            running--;
            if (key !== undefined) active.delete(key);
            return step();
          })();
        });
      });
      await executor.idle();
      expect(broken).toBe('');
      expect(finished.toSorted((a, b) => a - b)).toEqual(tasks.map((_, index) => index));
      for (const key of ['a', 'b', 'c', 'd']) {
        const own = finished.filter((index) => tasks[index]!.key === key);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 200 },
  );
});
