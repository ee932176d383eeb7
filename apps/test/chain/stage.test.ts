import { ManualClock } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import type { Next } from '../../src/chain/next.ts';
import { Stage } from '../../src/chain/stage.ts';
import type { StagePolicy } from '../../src/chain/stage.ts';
import { AppMessage } from '../../src/runtime/message.ts';

const make = (payload: unknown, key?: string) => new AppMessage(payload, { key }, 0);

function recorder() {
  const seen: unknown[] = [];
  const next: Next = {
    push(batch) {
      seen.push(...batch.map((message) => message.payload));
    },
  };
  return { seen, next };
}

function policy(clock: ManualClock, change: Partial<StagePolicy> = {}) {
  const parked: { payload: unknown; attempts: number; cause: unknown }[] = [];
  const full: StagePolicy = {
    app: 'test',
    clock,
    concurrency: 1,
    retryAfter: (attempt) => (attempt < 3 ? 100 : undefined),
    park: (message, failure) => {
      parked.push({ payload: message.payload, attempts: failure.attempts, cause: failure.cause });
      return Promise.resolve();
    },
    ...change,
  };
  return { full, parked };
}

describe('Stage', () => {
  it('handles a batch at once, without a promise, when the handler answers at once', () => {
    const { seen, next } = recorder();
    const stage = new Stage(
      (message) => [message.payload, Number(message.payload) * 10] as never,
      next,
      policy(new ManualClock()).full,
    );
    expect(stage.push([make(1), make(2)])).toBeUndefined();
    expect(seen).toEqual([1, 10, 2, 20]);
    expect(stage.counts).toEqual({ in: 2, out: 4, failed: 0, parked: 0 });
  });

  it('keeps headers and key for a plain payload and drops a message for nothing', () => {
    const out: AppMessage[] = [];
    const stage = new Stage(
      (message) => (message.payload === 2 ? undefined : 'x'),
      { push: (batch) => void out.push(...batch) },
      policy(new ManualClock()).full,
    );
    void stage.push([new AppMessage(1, { headers: { a: 1 }, key: 'k' }, 5), make(2)]);
    expect(out).toHaveLength(1);
    expect(out[0]).toMatchObject({ payload: 'x', headers: { a: 1 }, key: 'k', timestamp: 5, contentType: 'application/json' });
  });

  it('retries a failed message, holds back only its key, and parks it after the last attempt', async () => {
    const clock = new ManualClock();
    const { seen, next } = recorder();
    const { full, parked } = policy(clock);
    let failures = 0;
    const stage = new Stage(
      (message) => {
        if (message.payload !== 'bad') return message;
        failures++;
        throw new Error('no');
      },
      next,
      full,
    );
    const done = stage.push([make('a1', 'a'), make('bad', 'b'), make('b2', 'b'), make('a2', 'a')]);
    await clock.advance(0);
    expect(seen).toEqual(['a1', 'a2']);
    await clock.advance(100);
    expect(failures).toBe(2);
    await clock.advance(100);
    await done;
    expect(seen).toEqual(['a1', 'a2', 'b2']);
    expect(parked).toEqual([{ payload: 'bad', attempts: 3, cause: expect.objectContaining({ message: 'no' }) }]);
    expect(stage.counts).toEqual({ in: 4, out: 3, failed: 3, parked: 1 });
  });

  it('keeps the order of messages without a key over a retry, also of later batches', async () => {
    const clock = new ManualClock();
    const { seen, next } = recorder();
    let fail = true;
    const stage = new Stage(
      (message) => {
        if (message.payload === 1 && fail) {
          fail = false;
          throw new Error('once');
        }
        return message;
      },
      next,
      policy(clock).full,
    );
    const first = stage.push([make(0), make(1), make(2)]);
    const second = stage.push([make(3)]);
    await clock.advance(0);
    expect(seen).toEqual([0]);
    await clock.advance(100);
    await Promise.all([first, second]);
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(stage.push([make(4)])).toBeUndefined();
  });

  it('runs asynchronous handlers across keys up to the concurrency, in order within one', async () => {
    const clock = new ManualClock();
    const { seen, next } = recorder();
    const gates = new Map<unknown, () => void>();
    const started: unknown[] = [];
    const handler = (message: AppMessage) =>
      new Promise<AppMessage>((resolve) => {
        started.push(message.payload);
        gates.set(message.payload, () => resolve(message));
      });
    const stage = new Stage(handler, next, policy(clock, { concurrency: 2 }).full);
    const done = stage.push([make('a1', 'a'), make('a2', 'a'), make('b1', 'b'), make('c1', 'c')]);
    await clock.advance(0);
    expect(started).toEqual(['a1', 'b1']);
    gates.get('b1')!();
    await clock.advance(0);
    expect(started).toEqual(['a1', 'b1', 'c1']);
    gates.get('a1')!();
    await clock.advance(0);
    gates.get('a2')!();
    gates.get('c1')!();
    await done;
    expect(seen).toEqual(['b1', 'a1', 'a2', 'c1']);
  });

  it('rejects, so that nothing is acknowledged, when a message can neither be handled nor parked', async () => {
    const clock = new ManualClock();
    const stage = new Stage(
      () => {
        throw new Error('no');
      },
      undefined,
      policy(clock, { retryAfter: () => undefined, park: () => Promise.reject(new Error('parking is down')) }).full,
    );
    await expect(stage.push([make(1)])).rejects.toThrow('parking is down');
  });

  it('rejects with STOPPED what waits for a retry when it is abandoned', async () => {
    const clock = new ManualClock();
    const stage = new Stage(
      () => {
        throw new Error('no');
      },
      undefined,
      policy(clock).full,
    );
    const done = stage.push([make(1)]) as Promise<void>;
    await clock.advance(0);
    stage.abandon();
    await expect(done).rejects.toMatchObject({ reason: 'STOPPED', code: 'CANCELLED' });
  });

  it('is done only when what follows is done, and does not run the handler again for what follows', async () => {
    const clock = new ManualClock();
    let runs = 0;
    const { promise, resolve: finish } = Promise.withResolvers<void>();
    const next: Next = { push: () => promise };
    const stage = new Stage((message) => (runs++, message), next, policy(clock).full);
    let done = false;
    const pending = (stage.push([make(1)]) as Promise<void>).then(() => (done = true));
    await clock.advance(1000);
    expect(done).toBe(false);
    finish();
    await pending;
    expect(runs).toBe(1);
  });
});
