import { ManualClock, MillraceError } from '@millrace/core';
import { afterEach, describe, expect, it } from 'vitest';
import { command, reject, type CommandContext, type HandleOptions, type Millrace, type Subscription } from '../../src/index.ts';
import { QueueBinder } from '../support/queue-binder.ts';
import { runtimeOn, until, type Logged } from '../support/runtime.ts';

const work = command<number>('work');
const once = { retry: { maxAttempts: 1 } };

let clock: ManualClock;
let binder: QueueBinder;
let mr: Millrace;
let logged: Logged[];

function setUp(): void {
  clock = new ManualClock();
  binder = new QueueBinder(clock);
  ({ mr, logged } = runtimeOn(binder, clock));
}

afterEach(async () => {
  binder.before = () => {};
  const closing = mr.close({ deadlineMs: 0 });
  await clock.advance(60_000);
  await closing;
});

/** A handler whose runs a test ends one by one. */
function held() {
  const runs: { readonly input: number; readonly context: CommandContext; finish: (error?: Error) => void }[] = [];
  const handler = (input: number, context: CommandContext): Promise<void> =>
    new Promise((resolve, fail) =>
      runs.push({ input, context, finish: (error) => (error === undefined ? resolve() : fail(error)) }),
    );
  return { runs, handler };
}

/** Attaches a handler that notes each try and fails as told. */
async function failing(
  options: HandleOptions,
  ...errors: (Error | undefined)[]
): Promise<{ tries: number[]; subscription: Subscription }> {
  const tries: number[] = [];
  const subscription = await mr.handle(work, options, (_, context) => {
    tries.push(context.attempt);
    const error = errors[tries.length - 1];
    if (error !== undefined) throw error;
  });
  return { tries, subscription };
}

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) await clock.advance(Math.min(50, ms - passed));
}

describe('handling commands', () => {
  it('acknowledges what was handled, in batches', async () => {
    setUp();
    await Promise.all(Array.from({ length: 500 }, (_, index) => mr.send(work, index)));
    const inputs: number[] = [];
    let acks = 0;
    binder.before = (operation) => void (operation === 'ack' && acks++);
    const subscription = await mr.handle(work, (input) => void inputs.push(input));
    await until('all is acknowledged', () => binder.depth === 0);
    expect(inputs).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(acks).toBeLessThan(50);
    expect(subscription.health).toMatchObject({ status: 'up', handled: 500, failed: 0, inFlight: 0 });
  });

  it('tells the handler what it handles', async () => {
    setUp();
    const contexts: CommandContext[] = [];
    await mr.handle(work, (_, context) => void contexts.push(context));
    const { id } = await mr.send(work, 1, { key: 'k', headers: { who: 'me' } });
    await until('it is handled', () => contexts.length === 1);
    const [context] = contexts;
    expect(context).toMatchObject({
      id,
      key: 'k',
      attempt: 1,
      payload: 1,
      contentType: 'application/json',
      headers: { who: 'me' },
    });
    expect(context!.signal.aborted).toBe(false);
  });

  it('runs no more handlers at once than allowed', async () => {
    setUp();
    const { runs, handler } = held();
    await mr.handle(work, { concurrency: 3 }, handler);
    await Promise.all(Array.from({ length: 10 }, (_, index) => mr.send(work, index)));
    await until('three run', () => runs.length === 3);
    await advance(1000);
    expect(runs).toHaveLength(3);
    runs[1]!.finish();
    await until('the next one runs', () => runs.length === 4);
  });

  it('shares the queue with other consumers without handling anything twice', async () => {
    setUp();
    const other = runtimeOn(binder, clock).mr;
    const seen: number[] = [];
    await mr.handle(work, (input) => void seen.push(input));
    await other.handle(work, (input) => void seen.push(input));
    await Promise.all(Array.from({ length: 300 }, (_, index) => mr.send(work, index)));
    await until('all is done', () => binder.depth === 0);
    expect(new Set(seen).size).toBe(300);
    expect(seen).toHaveLength(300);
    await other.close();
  });
});

describe('failing commands', () => {
  it('are tried again after growing pauses, then done', async () => {
    setUp();
    const { tries } = await failing({ retry: { jitter: 0 } }, new Error('one'), new Error('two'));
    await mr.send(work, 1);
    await advance(950);
    expect(tries).toEqual([1]);
    await advance(100);
    expect(tries).toEqual([1, 2]);
    await advance(2000);
    expect(tries).toEqual([1, 2, 3]);
    expect(binder.depth).toBe(0);
    expect(binder.parked).toEqual([]);
  });

  it('are parked with cause, attempts and origin after the last try', async () => {
    setUp();
    const { subscription } = await failing(
      { retry: { maxAttempts: 2, backOffInitialInterval: 10 } },
      new Error('a'),
      new TypeError('b'),
    );
    await mr.send(work, 7, { id: 'x', headers: { who: 'me' } });
    await advance(100);
    expect(binder.parked).toHaveLength(1);
    const { deadLetter, message } = binder.parked[0]!;
    expect(deadLetter).toBe('error.work.commands');
    expect(Buffer.from(message.payload!).toString()).toBe('7');
    expect(message.headers).toMatchObject({
      who: 'me',
      mr_id: 'x',
      mr_attempts: 2,
      mr_original_kind: 'command',
      'x-original-topic': 'work',
      'x-exception-message': 'b',
      'x-exception-fqcn': 'TypeError',
    });
    expect(binder.depth).toBe(0);
    expect(subscription.health).toMatchObject({ failed: 2, parked: 1, handled: 0 });
  });

  it('are parked at once when the handler rejects them or no try can help', async () => {
    setUp();
    const hopeless = new MillraceError('no', { code: 'INVALID_ARGUMENT', reason: 'NO' });
    const { tries } = await failing({}, reject('sold out'), hopeless);
    await mr.send(work, 1);
    await mr.send(work, 2);
    await until('both are parked', () => binder.parked.length === 2);
    expect(tries).toEqual([1, 1]);
  });

  it('are parked, not tried, when their payload cannot be read', async () => {
    setUp();
    await mr.handle(work, () => {});
    await binder.queue.send('work', [{ id: 'broken', payload: Buffer.from('{'), headers: { contentType: 'application/json' } }]);
    await until('it is parked', () => binder.parked.length === 1);
    expect(binder.parked[0]!.message.headers['mr_error_code']).toBe('INVALID_ARGUMENT');
  });

  it('go back to the queue for delayed tries, holding back nothing, and count them across hand-outs', async () => {
    setUp();
    const errors = Array.from({ length: 5 }, (_, index) => new Error(`try ${index}`));
    const { tries } = await failing(
      { concurrency: 1, retry: { maxAttempts: 2, backOffInitialInterval: 10, jitter: 0, delayed: [1000, 5000] } },
      ...errors,
    );
    await mr.send(work, 1);
    await until('it was tried', () => tries.length === 1);
    await advance(50);
    expect(tries).toEqual([1, 2]);
    await advance(1100);
    expect(tries).toEqual([1, 2, 3]);
    await advance(5100);
    expect(tries).toEqual([1, 2, 3, 4]);
    expect(binder.parked).toHaveLength(1);
    expect(binder.parked[0]!.message.headers['mr_attempts']).toBe(4);
  });

  it('are dropped, and counted, when failures are to be skipped', async () => {
    setUp();
    await failing({ ...once, onFailure: 'skip' }, new Error('no'));
    await mr.send(work, 1);
    await until('it is gone', () => binder.depth === 0);
    expect(binder.parked).toEqual([]);
    expect(mr.metrics()).toMatch(/millrace_skipped_total\{.*destination="work".*\} 1/);
    expect(logged).toContainEqual({ level: 'warn', message: expect.stringContaining("onFailure is 'skip'") as string });
  });

  it('stay in the queue while they cannot be parked', async () => {
    setUp();
    let refused = 0;
    binder.before = (operation) => {
      if (operation === 'park' && refused++ < 2) throw new Error('disk full');
    };
    await failing(once, ...Array.from({ length: 5 }, () => new Error('no')));
    await mr.send(work, 1);
    await advance(4000);
    expect([refused, binder.depth, binder.parked.length]).toEqual([1, 1, 0]);
    await advance(8000);
    expect([refused, binder.depth, binder.parked.length]).toEqual([3, 0, 1]);
  });

  it('are parked unseen when they were handed out again and again without an outcome', async () => {
    setUp();
    const crashing = await binder.queue.consume('work');
    await mr.send(work, 1, { id: 'killer' });
    for (let crash = 0; crash < 20; crash++) await crashing.release(await crashing.receive(1));
    await crashing.close();
    const { tries } = await failing({});
    await until('it is parked', () => binder.parked.length === 1);
    expect(tries).toEqual([]);
    expect(binder.parked[0]!.message.headers['x-exception-message']).toMatch(/'killer' was handed out 2\d times/);
  });
});

describe('leases', () => {
  it('are extended while a handler runs, however long', async () => {
    setUp();
    const { runs, handler } = held();
    await mr.handle(work, { leaseMs: 300 }, handler);
    await mr.send(work, 1);
    await until('it runs', () => runs.length === 1);
    await advance(5000);
    expect(runs).toHaveLength(1);
    runs[0]!.finish();
    await until('it is done', () => binder.depth === 0);
  });

  it('that are lost abort the handler and void its outcome', async () => {
    setUp();
    const { runs, handler } = held();
    await mr.handle(work, { leaseMs: 300 }, handler);
    await mr.send(work, 1);
    await until('it runs', () => runs.length === 1);
    binder.before = (operation) => {
      if (operation === 'extend') throw new Error('unreachable');
    };
    await advance(250);
    expect(runs[0]!.context.signal.aborted).toBe(false);
    await advance(250);
    expect(runs[0]!.context.signal.reason).toMatchObject({ code: 'CONFLICT', reason: 'LEASE_LOST' });
    runs[0]!.finish();
    await until('it runs again', () => runs.length === 2);
    expect(binder.acked).toEqual([]);
    binder.before = () => {};
    runs[1]!.finish();
    await until('it is done', () => binder.depth === 0);
    expect(runs[1]!.context.signal.aborted).toBe(false);
  });

  it('that ended while the event loop was blocked void what waited behind', async () => {
    setUp();
    const inputs: number[] = [];
    await mr.handle(work, { concurrency: 1, leaseMs: 300 }, async (input) => {
      inputs.push(input);
      // Time passes without any timer having run: what a blocked loop looks like.
      if (inputs.length === 1) jumpMonotonic(clock, 400);
    });
    await Promise.all([mr.send(work, 1), mr.send(work, 2)]);
    await advance(200);
    expect(inputs.length).toBeGreaterThan(2);
    expect(binder.depth).toBe(0);
    expect(binder.acked).toHaveLength(2);
  });
});

describe('acknowledging', () => {
  it('is tried again when the broker cannot be reached', async () => {
    setUp();
    let tries = 0;
    binder.before = (operation) => {
      if (operation === 'ack' && ++tries < 3)
        throw new MillraceError('away', { code: 'UNAVAILABLE', reason: 'AWAY', retryable: true });
    };
    await mr.handle(work, () => {});
    await mr.send(work, 1);
    await advance(2000);
    expect(tries).toBe(3);
    expect(binder.depth).toBe(0);
  });

  it('that fails for good is logged, and the command comes again', async () => {
    setUp();
    const inputs: number[] = [];
    let refusals = 0;
    binder.before = (operation) => {
      if (operation === 'ack' && refusals++ === 0) throw new MillraceError('no', { code: 'INTERNAL', reason: 'NO' });
    };
    await mr.handle(work, { leaseMs: 300 }, (input) => void inputs.push(input));
    await mr.send(work, 1);
    await advance(1000);
    expect(inputs).toEqual([1, 1]);
    expect(logged).toContainEqual({
      level: 'warn',
      message: expect.stringContaining('could not acknowledge 1 commands') as string,
    });
  });
});

describe('a subscription', () => {
  it('that is paused takes nothing new and gives back what only waited', async () => {
    setUp();
    const { runs, handler } = held();
    const subscription = await mr.handle(work, { concurrency: 1 }, handler);
    await Promise.all([1, 2, 3].map((input) => mr.send(work, input)));
    await until('the first runs', () => runs.length === 1);
    subscription.pause();
    runs[0]!.finish();
    await advance(500);
    expect(runs).toHaveLength(1);
    expect(subscription.health).toMatchObject({ status: 'paused', inFlight: 0 });
    expect(await subscription.lag()).toBe(2);
    subscription.resume();
    await until('the next runs', () => runs.length === 2);
    expect(subscription.health.status).toBe('up');
  });

  it('finishes what runs when it is closed, and leaves the rest in the queue', async () => {
    setUp();
    const { runs, handler } = held();
    const subscription = await mr.handle(work, { concurrency: 2 }, handler);
    await Promise.all([1, 2, 3].map((input) => mr.send(work, input)));
    await until('two run', () => runs.length === 2);
    const closing = subscription.close();
    for (const run of runs) run.finish();
    await closing;
    expect(binder.acked).toHaveLength(2);
    expect(binder.depth).toBe(1);
    expect(subscription.health.status).toBe('closed');
    expect(mr.health().subscriptions).toEqual({});
  });

  it('gives back what still runs at the deadline and aborts it', async () => {
    setUp();
    const { runs, handler } = held();
    const subscription = await mr.handle(work, handler);
    await mr.send(work, 1);
    await until('it runs', () => runs.length === 1);
    const closing = subscription.close({ deadlineMs: 100 });
    await advance(200);
    await closing;
    expect(runs[0]!.context.signal.reason).toMatchObject({ reason: 'HANDLER_STOPPED' });
    runs[0]!.finish();
    const next = await binder.queue.consume('work');
    expect(await next.receive(1)).toMatchObject([{ redeliveries: 1 }]);
    expect(binder.acked).toEqual([]);
  });

  it('does not wait for the pause before a retry when it is closed', async () => {
    setUp();
    const { tries, subscription } = await failing({ retry: { backOffInitialInterval: 10_000 } }, new Error('no'));
    await mr.send(work, 1);
    await until('it failed', () => subscription.health.failed === 1);
    await subscription.close();
    expect(tries).toEqual([1]);
    expect(binder.depth).toBe(1);
  });

  it('whose consumer dies says so and attaches again', async () => {
    setUp();
    let dies = true;
    const inputs: number[] = [];
    const subscription = await mr.handle(work, (input) => void inputs.push(input));
    binder.before = (operation) => {
      if (operation === 'receive' && dies) throw new Error('connection reset');
    };
    binder.stir();
    await until('it has died', () => subscription.health.status === 'recovering');
    expect(subscription.health.error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(mr.health().status).toBe('down');
    dies = false;
    await mr.send(work, 1);
    await advance(1000);
    expect(inputs).toEqual([1]);
    await advance(1000);
    expect(subscription.health).toMatchObject({ status: 'up', error: undefined });
  });

  it('refuses options that make no sense', async () => {
    setUp();
    await expect(mr.handle(work, { concurrency: 0 }, () => {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(mr.handle(work, { leaseMs: 1 }, () => {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(mr.health().subscriptions).toEqual({});
  });
});

function jumpMonotonic(target: ManualClock, ms: number): void {
  const monotonic = target.monotonic.bind(target);
  target.monotonic = () => monotonic() + ms;
}
