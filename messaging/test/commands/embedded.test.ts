import { embeddedBinder } from '@millrace/binder-embedded';
import { ManualClock, MillraceError } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Binder } from '../../src/binder/index.ts';
import { command, type CommandContext, type Millrace } from '../../src/index.ts';
import { runtimeOn, until } from '../support/runtime.ts';

const work = command<number>('work');
const echo = command<string, string>('echo');

let clock: ManualClock;
let binder: Binder;
let mr: Millrace;

beforeEach(async () => {
  clock = new ManualClock();
  binder = embeddedBinder({ memory: true, clock });
  mr = runtimeOn(binder, clock).mr;
  await mr.binder();
});

afterEach(async () => {
  const closing = mr.close({ deadlineMs: 0 });
  for (let turn = 0; turn < 3; turn++) await clock.advance(30_000);
  await closing;
});

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) await clock.advance(50);
}

/** A handler that notes what it gets, in order. */
async function noting(): Promise<number[]> {
  const inputs: number[] = [];
  await mr.handle(work, (input) => void inputs.push(input));
  return inputs;
}

const depth = async (): Promise<number | undefined> => (await binder.provisioner.describe('work'))?.count;

describe('commands on the embedded binder', () => {
  it('reach their handler once and leave the queue', async () => {
    const inputs = await noting();
    await Promise.all(Array.from({ length: 3000 }, (_, index) => mr.send(work, index)));
    await until('all are handled', () => inputs.length === 3000);
    expect(new Set(inputs).size).toBe(3000);
    await advance(50);
    expect(await depth()).toBe(0);
  });

  it('are answered', async () => {
    await mr.handle(echo, (input) => `${input}!`);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => mr.call(echo, String(index))));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => `${index}!`));
  });

  it('carry errors back to the caller', async () => {
    const error = new MillraceError('no such train', { code: 'NOT_FOUND', reason: 'NO_TRAIN', details: { train: 'G1' } });
    await mr.handle(echo, { retry: { maxAttempts: 1 } }, () => Promise.reject(error));
    await expect(mr.call(echo, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'NO_TRAIN', details: { train: 'G1' } });
    expect(await binder.parking!.summary()).toEqual([{ name: 'error.echo.commands', count: 1 }]);
  });

  it('wait for their time, then go by priority', async () => {
    const inputs = await noting();
    await mr.send(work, 1, { delayMs: 1000 });
    await mr.send(work, 2, { notBefore: new Date(clock.now() + 500) });
    await advance(400);
    expect(inputs).toEqual([]);
    await advance(200);
    expect(inputs).toEqual([2]);
    await advance(500);
    expect(inputs).toEqual([2, 1]);
  });

  it('that are more urgent come first', async () => {
    await mr.send(work, 1);
    await mr.send(work, 2, { priority: 2 });
    await mr.send(work, 3, { priority: 1 });
    const inputs = await noting();
    await until('all are handled', () => inputs.length === 3);
    expect(inputs).toEqual([2, 3, 1]);
  });

  it('are not handled after their time to live', async () => {
    await mr.send(work, 1, { timeToLiveMs: 100 });
    await mr.send(work, 2, { timeToLiveMs: 10_000 });
    await advance(200);
    const inputs = await noting();
    await until('the other is handled', () => inputs.length > 0);
    expect(inputs).toEqual([2]);
  });

  it('with the same id within the time given are dropped', async () => {
    const inputs = await noting();
    for (const input of [1, 2]) await mr.send(work, input, { id: 'same', deduplicateMs: 1000 });
    await advance(1500);
    await mr.send(work, 3, { id: 'same', deduplicateMs: 1000 });
    await advance(50);
    expect(inputs).toEqual([1, 3]);
  });

  it('can be withdrawn while they wait', async () => {
    const { id } = await mr.send(work, 1, { delayMs: 1000 });
    expect(await mr.cancel(work, id)).toBe(true);
    const inputs = await noting();
    await advance(2000);
    expect(inputs).toEqual([]);
  });

  it('stay leased while their handler runs, and are handled once', async () => {
    const gate = Promise.withResolvers<void>();
    const contexts: CommandContext[] = [];
    await mr.handle(work, { leaseMs: 1000 }, async (_, context) => {
      contexts.push(context);
      await gate.promise;
    });
    await mr.send(work, 1);
    await advance(10_000);
    expect(contexts).toHaveLength(1);
    expect(contexts[0]!.signal.aborted).toBe(false);
    gate.resolve();
    await advance(50);
    expect(await depth()).toBe(0);
  });

  it('come again when a consumer goes without an outcome', async () => {
    await mr.send(work, 1);
    const crashing = await binder.queue!.consume('work');
    expect(await crashing.receive(10)).toHaveLength(1);
    const inputs = await noting();
    await advance(100);
    expect(inputs).toEqual([]);
    await crashing.close();
    await until('it is handled', () => inputs.length === 1);
  });

  it('come again when a consumer stops extending its leases', async () => {
    await mr.send(work, 1);
    const hanging = await binder.queue!.consume('work', { leaseMs: 500 });
    const held = await hanging.receive(10);
    const inputs = await noting();
    await advance(400);
    expect(inputs).toEqual([]);
    await advance(200);
    expect(inputs).toEqual([1]);
    expect(await hanging.extend(held)).toHaveLength(1);
    await hanging.close();
  });

  it('are tried again later without holding back others, then parked with all that is needed to try them once more', async () => {
    const tries: string[] = [];
    const retry = { maxAttempts: 1, delayed: [1000, 2000], jitter: 0 };
    await mr.handle(work, { concurrency: 1, retry }, (input, { attempt }) => {
      tries.push(`${input}/${attempt}`);
      if (input === 1) throw new Error('no');
    });
    await mr.send(work, 1, { key: 'k', headers: { who: 'me' } });
    await mr.send(work, 2);
    await advance(3500);
    expect(tries).toEqual(['1/1', '2/1', '1/2', '1/3']);
    const [parked] = await binder.parking!.list('error.work.commands', 0, 10);
    expect(parked).toMatchObject({
      key: 'k',
      headers: { who: 'me', mr_attempts: 3, 'x-exception-message': 'no', contentType: 'application/json' },
    });
    expect(Buffer.from(parked!.payload!).toString()).toBe('1');
  });
});

describe('parked commands', () => {
  it('are re-driven to their queue, where they begin anew', async () => {
    const tries: string[] = [];
    let broken = true;
    await mr.handle(work, { retry: { maxAttempts: 1 } }, (input, { attempt, id }) => {
      tries.push(`${input}/${attempt}/${id}`);
      if (broken) throw new Error('no');
    });
    await mr.send(work, 7, { id: 'x' });
    await until('it is tried', () => tries.length === 1);
    await advance(50);
    broken = false;
    expect(await mr.parked.redrive({ destination: 'work' })).toEqual({ redriven: 1 });
    await until('it is handled', () => tries.length === 2);
    expect(tries[1]).toMatch(/^7\/1\//);
    expect(await mr.parked.list()).toEqual([]);
  });
});

describe('what a handler starts', () => {
  it('continues its trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const seen: unknown[] = [];
    await mr.handle(echo, async (input, { headers }) => {
      seen.push(headers['traceparent']);
      if (input === 'outer') await mr.call(echo, 'inner');
      return input;
    });
    await mr.send(echo, 'outer', { headers: { traceparent } });
    await until('both were handled', () => seen.length === 2);
    expect(seen).toEqual([traceparent, traceparent]);
  });

  it('fails its try, even if the error escapes its promise', async () => {
    await mr.handle(work, { retry: { maxAttempts: 1 } }, () => {
      return new Promise<void>(() => {
        setImmediate(() => {
          throw new Error('escaped');
        });
      });
    });
    await mr.send(work, 1);
    await advance(200);
    const [parked] = await binder.parking!.list('error.work.commands', 0, 10);
    expect(parked!.headers['x-exception-message']).toContain('escaped');
  });
});
