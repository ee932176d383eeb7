import { messageOf, type Clock } from '@millrace/core';
import type { Binder, ConsumerBinding, ConsumerListener, Delivery } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { ConsumerMetrics } from '../policies/consumer-metrics.ts';
import type { Log } from '../runtime/log.ts';
import { Acker } from './acker.ts';
import { PartitionState, type Tracked } from './partition-state.ts';

/** Handles events: one by one, or in batches. */
export interface Processor {
  /** Takes an event over. It begins and finishes it through the session. */
  accept(tracked: Tracked, session: Session): void;
  pause(): void;
  resume(): void;
  /** Looks again at events that wait for a retry: they may not be wanted any more. */
  wake(): void;
  /** Waits, inside a handler, without occupying one of the concurrent handlers. */
  outside<R>(waiting: Promise<R>): Promise<R>;
}

export interface SessionOptions {
  readonly binder: Binder;
  readonly processor: Processor;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ConsumerMetrics;
  /** Events fetched but not finished, at most. */
  readonly maxInFlight: number;
}

/** How long a partition that is lost is waited for. */
const revokeMs = 5000;
/**
 * Finished events that may wait, uncommitted, behind a slow one of their partition, as a multiple of `maxInFlight`. Beyond it the
 * partition is paused: this is what bounds memory during a long delayed retry.
 */
export const windowFactor = 4;
/** Receives after which timers and sockets get their turn, even if the binder answers from memory. */
const yieldEvery = 8;
const receiveAtMost = 1000;

/** One attachment of a subscription to its binder: fetches while there is room, tracks what is under way and acknowledges it. */
export class Session {
  readonly binder: Binder;
  readonly #options: SessionOptions;
  readonly #cumulative: boolean;
  readonly #partitions = new Map<number, PartitionState>();
  /** Revoked and not drained yet. One of the same number may have been assigned again by then. */
  readonly #leaving = new Set<PartitionState>();
  readonly #heldBack = new Set<number>();
  readonly #ended = Promise.withResolvers<void>();
  #binding: ConsumerBinding | undefined;
  #acker: Acker | undefined;
  #open = 0;
  #room: (() => void) | undefined;
  #paused = false;
  #closing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.binder = options.binder;
    // Whoever attached us awaits it; until then a death is not yet anybody's.
    this.#ended.promise.catch(() => {});
    this.#cumulative = options.binder.capabilities.acknowledgement === 'cumulative';
  }

  /** Given to the binder when the consumer is bound. */
  readonly listener: ConsumerListener = {
    revoked: (partitions) => this.#revoked(partitions),
    lost: (partitions) => this.#lost(partitions),
  };

  /** Deliveries that the binder may hand out before they are acknowledged. */
  get binderWindow(): number {
    const { maxInFlight } = this.#options;
    return this.#cumulative ? maxInFlight * windowFactor * windowFactor : maxInFlight;
  }

  /** Rejects when the consumer has died; resolves after {@link close}. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get inFlight(): number {
    return this.#open;
  }

  get binding(): ConsumerBinding | undefined {
    return this.#binding;
  }

  start(binding: ConsumerBinding): void {
    const { clock, log } = this.#options;
    this.#binding = binding;
    this.#acker = new Acker({ binding, cumulative: this.#cumulative, clock, log });
    if (this.#paused) binding.pause();
    this.#receive(binding).catch((error: unknown) => this.#died(error));
  }

  /** Whether a try may begin; if not the event is left to whoever gets it next. Every `true` is followed by one {@link end}. */
  begin(tracked: Tracked): boolean {
    return !this.dropIfUnwanted(tracked) && tracked.partition.begin(tracked);
  }

  /** Leaves an event to the next consumer if its partition is lost or the session is closing; true if it did. */
  dropIfUnwanted(tracked: Tracked): boolean {
    if (tracked.partition.wanted(tracked)) return false;
    this.#take(tracked, false);
    return true;
  }

  /** Leaves an event whose try failed to whoever has its partition now; true if that is not us. */
  dropIfLost(tracked: Tracked): boolean {
    if (!tracked.partition.signal.aborted) return false;
    this.#take(tracked, false);
    return true;
  }

  end(tracked: Tracked): void {
    tracked.partition.end();
  }

  /** The event is done with: handled, parked or skipped. */
  finish(tracked: Tracked): void {
    if (tracked.finished) return;
    const ready = this.#take(tracked, true);
    // A partition that went to another member is acknowledged there.
    if (ready !== undefined && this.#has(tracked.partition)) this.#acker!.add(ready);
    this.#relax(tracked.partition);
  }

  /**
   * Resolves when everything that came before these events, in their partitions, is finished, so that acknowledging them acknowledges
   * nothing unfinished. `CONFLICT` when a partition is lost meanwhile.
   */
  async turn(events: readonly Tracked[]): Promise<void> {
    if (!this.#cumulative) return;
    const waiting = [...Map.groupBy(events, ({ partition }) => partition)].map(([partition, own]) => partition.turn(own));
    await this.#options.processor.outside(Promise.all(waiting));
  }

  /** The events were acknowledged as part of a transaction. */
  committed(events: readonly Tracked[]): void {
    const acknowledged = new Set(events.map(({ delivery }) => delivery));
    for (const tracked of events) {
      if (tracked.finished) continue;
      const ready = this.#take(tracked, true);
      if (ready !== undefined && !acknowledged.has(ready)) this.#acker!.add(ready);
    }
  }

  pause(): void {
    this.#paused = true;
    this.#binding?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#binding?.resume();
    if (this.#heldBack.size > 0) this.#binding?.pause([...this.#heldBack]);
  }

  lag(): Promise<number | undefined> {
    return this.#binding?.lag() ?? Promise.resolve(undefined);
  }

  /** Finishes what runs, until the deadline, acknowledges and detaches. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    this.#binding?.pause();
    const until = this.#options.clock.monotonic() + deadlineMs;
    await this.#drain(this.#states(), until);
    this.#acker?.stop();
    await this.#binding?.close();
    this.#room?.();
    this.#ended.resolve();
  }

  async #receive(binding: ConsumerBinding): Promise<void> {
    for (let turn = 1; !this.#closing; turn++) {
      const room = await this.#waitForRoom();
      if (this.#closing) return;
      const deliveries = await binding.receive(Math.min(room, receiveAtMost));
      // What comes while closing is not begun: it goes to another member or comes again.
      if (this.#closing) return;
      if (deliveries.length === 0) throw raise('SOURCE_ENDED', { destination: binding.destination, group: binding.group });
      this.#options.metrics.received.inc(deliveries.length);
      for (const delivery of deliveries) this.#accept(delivery);
      if (turn % yieldEvery === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #accept(delivery: Delivery): void {
    const partition = this.#partition(delivery.partition);
    const tracked = partition.add(delivery);
    this.#open++;
    if (this.#cumulative && partition.tracker.window > this.#options.maxInFlight * windowFactor) this.#holdBack(partition.number);
    this.#options.processor.accept(tracked, this);
  }

  #partition(number: number): PartitionState {
    const known = this.#partitions.get(number);
    if (known !== undefined) return known;
    const partition = new PartitionState(number, this.#cumulative);
    this.#partitions.set(number, partition);
    return partition;
  }

  #take(tracked: Tracked, done: boolean): Delivery | undefined {
    this.#open--;
    this.#options.metrics.inFlight.set(this.#open);
    const ready = tracked.partition.finish(tracked, done);
    if (this.#room !== undefined && this.#open < this.#options.maxInFlight) this.#room();
    return ready;
  }

  async #waitForRoom(): Promise<number> {
    this.#options.metrics.inFlight.set(this.#open);
    while (this.#open >= this.#options.maxInFlight && !this.#closing) {
      await new Promise<void>((resolve) => (this.#room = resolve));
      this.#room = undefined;
    }
    return this.#options.maxInFlight - this.#open;
  }

  #holdBack(partition: number): void {
    if (this.#heldBack.has(partition)) return;
    this.#heldBack.add(partition);
    this.#binding?.pause([partition]);
  }

  #relax(partition: PartitionState): void {
    if (!this.#heldBack.has(partition.number)) return;
    if (partition.tracker.window > (this.#options.maxInFlight * windowFactor) / 2) return;
    this.#heldBack.delete(partition.number);
    if (!this.#paused) this.#binding?.resume([partition.number]);
  }

  #has(partition: PartitionState): boolean {
    return this.#partitions.get(partition.number) === partition || this.#leaving.has(partition);
  }

  #states(): readonly PartitionState[] {
    return [...this.#partitions.values(), ...this.#leaving];
  }

  async #revoked(partitions: readonly number[]): Promise<void> {
    const states = this.#takeOff(partitions);
    for (const state of states) this.#leaving.add(state);
    await this.#drain(states, this.#options.clock.monotonic() + revokeMs);
    for (const state of states) this.#leaving.delete(state);
  }

  #lost(partitions: readonly number[]): void {
    for (const state of this.#takeOff(partitions)) void state.drain(this.#options.clock, 0);
    this.#options.processor.wake();
  }

  /** What is delivered of these partitions from now on belongs to another assignment. */
  #takeOff(partitions: readonly number[]): readonly PartitionState[] {
    const states = partitions.flatMap((number) => this.#partitions.get(number) ?? []);
    for (const { number } of states) {
      this.#partitions.delete(number);
      // When it comes again it is not held back by what it was before.
      if (this.#heldBack.delete(number) && !this.#paused) this.#binding?.resume([number]);
    }
    return states;
  }

  async #drain(states: readonly PartitionState[], until: number): Promise<void> {
    const { clock, processor } = this.#options;
    // Closing ends a pause; a paused consumer that only loses partitions begins nothing for them.
    if (this.#closing) processor.resume();
    const drained = states.map((state) => state.drain(clock, until, this.#paused && !this.#closing));
    processor.wake();
    await Promise.all(drained);
    processor.wake();
    await this.#flush(until);
  }

  /** Waits for acknowledgements, at least a moment: they are what keeps work from being done twice. */
  async #flush(until: number): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    await Promise.race([this.#acker?.flush(), delay(clock, Math.max(1000, until - clock.monotonic()), over.signal)]);
    over.abort();
  }

  #died(error: unknown): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const state of this.#states()) void state.drain(this.#options.clock, 0);
    this.#options.processor.wake();
    this.#acker?.stop();
    this.#ended.reject(error);
    void this.#discard();
  }

  async #discard(): Promise<void> {
    try {
      await this.#binding?.close();
    } catch (error) {
      this.#options.log('warn', `a consumer that had died did not close: ${messageOf(error)}`);
    }
  }
}
