import { ManualClock } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import type { ConsumerBinding, ConsumerListener, Delivery } from '../../src/binder/index.ts';
import { eventStream } from '../../src/index.ts';
import { memoryBinder, override, runtimeOn } from '../support.ts';

const stream = eventStream<string>('events', { contentType: 'text/plain' });

/** A consumer whose deliveries and changes of partitions are made by the test. */
class Scripted {
  readonly acknowledged: number[] = [];
  readonly resumed: number[] = [];
  listener: ConsumerListener = {};
  #waiting: ((deliveries: readonly Delivery[]) => void) | undefined;

  /** A runtime that consumes from here. */
  runtime(clock = new ManualClock()) {
    const binder = memoryBinder(clock);
    const bindConsumer = async (destination: string, group: string | undefined, options: { listener?: ConsumerListener } = {}) => {
      this.listener = options.listener ?? {};
      return this.#binding(destination, group ?? '');
    };
    return runtimeOn(override(binder, { bindConsumer }), { clock });
  }

  async deliver(offset: number): Promise<void> {
    await vi.waitFor(() => expect(this.#waiting).toBeDefined());
    const give = this.#waiting!;
    this.#waiting = undefined;
    const delivery = { partition: 0, offset, timestamp: 0, payload: Buffer.from(`e${offset}`), key: `k${offset}`, headers: {} };
    give([delivery as unknown as Delivery]);
  }

  #binding(destination: string, group: string): ConsumerBinding {
    return {
      destination,
      group,
      receive: () => new Promise((resolve) => (this.#waiting = resolve)),
      ack: async (deliveries) => void this.acknowledged.push(...deliveries.map(({ offset }) => offset)),
      release: async () => undefined,
      pause: () => undefined,
      resume: (partitions) => void this.resumed.push(...(partitions ?? [])),
      lag: async () => 0,
      close: async () => this.#waiting?.([]),
    };
  }
}

test('a partition that comes back while it is still being drained begins anew', async () => {
  const clock = new ManualClock();
  const scripted = new Scripted();
  const mr = scripted.runtime(clock);
  const seen: string[] = [];
  await mr.subscribe(stream, { group: 'g' }, (text) => {
    seen.push(text);
    if (seen.length === 1) throw new Error('not yet');
  });
  await scripted.deliver(0);
  await vi.waitFor(() => expect(seen).toEqual(['e0']));
  // Waits for the next try of the first event, a second later.
  void scripted.listener.revoked!([0]);
  await scripted.deliver(0);
  await scripted.deliver(1);
  await vi.waitFor(() => expect(seen).toEqual(['e0', 'e1']));
  await clock.advance(1500);
  await vi.waitFor(() => expect(seen).toEqual(['e0', 'e1', 'e0', 'e0']));
  await vi.waitFor(() => expect(scripted.acknowledged.at(-1)).toBe(1));
});

test('nothing of a partition that is lost is tried again or parked', async () => {
  const clock = new ManualClock();
  const scripted = new Scripted();
  const mr = scripted.runtime(clock);
  const tried: string[] = [];
  const failing = Promise.withResolvers<never>();
  const subscription = await mr.subscribe(stream, { group: 'g', retry: { maxAttempts: 2, jitter: 0 } }, (text) => {
    tried.push(text);
    if (text === 'e1') return failing.promise;
    throw new Error('always');
  });
  await scripted.deliver(0);
  await scripted.deliver(1);
  await vi.waitFor(() => expect(tried).toEqual(['e0', 'e1']));
  scripted.listener.lost!([0]);
  failing.reject(new Error('always'));
  await clock.advance(60_000);
  expect(tried).toEqual(['e0', 'e1']);
  expect(subscription.health).toMatchObject({ inFlight: 0, parked: 0 });
  expect(scripted.acknowledged).toEqual([]);
});
