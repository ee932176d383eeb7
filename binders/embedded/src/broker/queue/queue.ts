import type { DestinationInfo } from '@millrace/messaging/binder';
import type { MillraceError, Timer } from '@millrace/core';
import type { BatchInput } from '../../journal/journal.ts';
import { encodeRecords } from '../../records/records.ts';
import { eachLease } from '../../wire/leases.ts';
import type { LeaseRun } from '../../wire/leases.ts';
import type { QueueItems } from '../../wire/protocol.ts';
import type { Call } from '../call.ts';
import { batchOf } from '../control.ts';
import type { BrokerContext } from '../context.ts';
import type { StoredDestination } from '../log/log-destination.ts';
import type { QueueEntry } from './queue-entry.ts';
import { QueueIndex } from './queue-index.ts';
import { QueueIntake } from './queue-intake.ts';
import { encodeDone, encodeReleased } from '../../records/command-records.ts';
import { QueueStore } from './queue-store.ts';
import { raise } from '../../errors.ts';
import type { Staged } from '../stage.ts';

/** A competing consumer of a queue and the commands it holds. */
export interface QueueConsumerState {
  readonly consumer: string;
  readonly leaseMs: number;
  readonly held: Map<number, QueueEntry>;
}

interface WaitingPoll {
  readonly call: Call<'queue.poll'>;
  readonly state: QueueConsumerState;
  readonly finish: () => void;
}

/**
 * A queue of commands: each is leased to one consumer at a time and leaves when acknowledged. Leases, delays and expiry run on
 * monotonic time, so that a jump of the machine's clock ends none of them early.
 */
export class Queue {
  readonly kind = 'queue';
  readonly name: string;
  readonly stored: StoredDestination;
  readonly intake: QueueIntake;
  readonly #context: BrokerContext;
  readonly #index = new QueueIndex();
  readonly #store: QueueStore;
  #polls: WaitingPoll[] = [];
  #lease: number;
  #timer: Timer | undefined;
  #timerDue = Infinity;
  #gone: MillraceError | undefined;

  constructor(context: BrokerContext, name: string, stored: StoredDestination) {
    this.#context = context;
    this.name = name;
    this.stored = stored;
    this.#store = new QueueStore(context, stored.streams[0]!, this.#index);
    this.intake = new QueueIntake(context, this.#store, this.#index, () => this.#dispatch());
    // Never the same again, also after a restart: a lease is proof of ownership.
    this.#lease = context.clock.now() * 1000;
    this.#store.recover();
    this.#setTimer();
  }

  get info(): DestinationInfo {
    return { ...this.stored.spec, name: this.name, kind: 'queue', partitions: 1, count: this.depth };
  }

  /** Commands waiting, not counting those leased. */
  get depth(): number {
    return this.#index.depth;
  }

  /** Gives the commands that this consumer held before the connection was lost back to it. */
  reclaim(state: QueueConsumerState, held: readonly LeaseRun[]): void {
    const now = this.#now();
    eachLease(held, (offset, lease) => {
      const entry = this.#index.entries.get(offset);
      if (entry === undefined || entry.state === 'leased') return;
      this.#index.lease(entry, lease, now + state.leaseMs);
      hold(state, entry);
    });
    this.#setTimer();
  }

  poll(call: Call<'queue.poll'>, state: QueueConsumerState): void {
    if (this.#gone !== undefined) throw this.#gone;
    const { waitMs } = call.ask;
    let timer: Timer | undefined;
    const poll: WaitingPoll = {
      call,
      state,
      finish: () => {
        timer?.cancel();
        this.#polls = this.#polls.filter((other) => other !== poll);
      },
    };
    this.#polls.push(poll);
    call.onCancel(poll.finish);
    this.#dispatch();
    if (waitMs !== undefined && this.#polls.includes(poll)) timer = this.#context.clock.after(waitMs, () => this.#giveUp(poll));
  }

  ack(state: QueueConsumerState, items: readonly LeaseRun[], call: Call<'queue.ack'>): void {
    const entries = this.#held(state, items);
    const offsets = entries.map(({ offset }) => offset);
    this.#context.stage.addLater({
      batches: entries.length === 0 ? [] : [this.#done(offsets)],
      applied: () => {
        for (const entry of entries) this.#remove(entry, state);
        call.answerLater({});
        this.intake.resume();
      },
      failed: (error) => call.fail(error),
    });
  }

  release(state: QueueConsumerState, { items, delayMs }: Call<'queue.release'>['ask'], call: Call<'queue.release'>): void {
    const entries = this.#held(state, items);
    this.#context.stage.add({
      batches: entries.length === 0 ? [] : [this.#released(entries, delayMs)],
      applied: () => {
        for (const entry of entries) if (state.held.has(entry.offset)) this.#putBack(entry, state, delayMs, 1);
        call.answer({});
        this.#dispatch();
      },
      failed: (error) => call.fail(error),
    });
  }

  /** Renews leases; returns the offsets of those that were lost. */
  extend(state: QueueConsumerState, items: readonly LeaseRun[]): number[] {
    const end = this.#now() + state.leaseMs;
    const held = this.#held(state, items);
    for (const entry of held) this.#index.extend(entry, end);
    this.#setTimer();
    const kept = new Set(held.map(({ offset }) => offset));
    const lost: number[] = [];
    eachLease(items, (offset) => void (kept.has(offset) || lost.push(offset)));
    return lost;
  }

  /** The consumer is gone: what it held goes to others. */
  leave(state: QueueConsumerState, unseen: readonly number[] = []): void {
    for (const { call, finish, state: owner } of this.#polls) {
      if (owner !== state) continue;
      finish();
      call.answer({ items: [], runs: [] });
    }
    if (this.#gone !== undefined) return;
    const untouched = new Set(unseen);
    for (const entry of state.held.values()) this.#putBack(entry, state, 0, untouched.has(entry.offset) ? 0 : 1);
    this.#dispatch();
  }

  cancel(call: Call<'queue.cancel'>): void {
    const entry = this.#index.byId(call.ask.id);
    if (entry === undefined || entry.state === 'leased') return call.answer({ cancelled: false });
    // Out of reach at once, so that nobody starts it while the commit runs.
    this.#index.remove(entry);
    const staged: Staged = {
      batches: [this.#done([entry.offset])],
      applied: () => {
        this.#store.forget(entry);
        call.answer({ cancelled: true });
        this.intake.resume();
      },
      failed: (error) => {
        this.#index.add(entry, this.#now());
        call.fail(error);
      },
    };
    this.#context.stage.add(this.#context.producers.guard(call, { cancelled: true }, staged));
  }

  /** Frees room in the journal; returns whether there is more to do. */
  maintain(): boolean {
    return this.#store.maintain();
  }

  dropped(): void {
    this.#timer?.cancel();
    const gone = (this.#gone = raise('DESTINATION_UNKNOWN', { destination: this.name }));
    for (const { call, finish } of this.#polls) {
      finish();
      call.fail(gone);
    }
    this.intake.dropped(gone);
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }

  #dispatch(): void {
    if (this.#gone !== undefined) return;
    this.#turn();
    if (this.#now() >= this.#context.graceUntil)
      for (const poll of this.#polls) {
        const entries = this.#take(poll);
        if (entries.length === 0) break;
        this.#deliver(poll, entries);
      }
    this.#setTimer();
  }

  #take({ call, state }: WaitingPoll): QueueEntry[] {
    const now = this.#now();
    const { max, maxBytes } = call.ask;
    const entries: QueueEntry[] = [];
    const expired: QueueEntry[] = [];
    for (let bytes = 0; entries.length < max && bytes < maxBytes;) {
      const entry = this.#index.take(now, ++this.#lease, now + state.leaseMs, (late) => expired.push(late));
      if (entry === undefined) break;
      hold(state, entry);
      entries.push(entry);
      bytes += entry.size;
    }
    this.#drop(expired);
    return entries;
  }

  #deliver({ call, finish, state }: WaitingPoll, entries: readonly QueueEntry[]): void {
    finish();
    try {
      const { runs, body } = this.#store.runs(entries);
      call.answer({ items: itemsOf(entries), runs }, body);
    } catch (error) {
      // What cannot be read stays leased: handing it out again at once would fail again at once.
      for (const entry of entries) state.held.delete(entry.offset);
      call.fail(error);
    }
  }

  #giveUp(poll: WaitingPoll): void {
    poll.finish();
    poll.call.answer({ items: [], runs: [] });
  }

  /** Removes what nobody took in time. */
  #drop(expired: readonly QueueEntry[]): void {
    if (expired.length === 0) return;
    for (const entry of expired) this.#index.remove(entry);
    this.#context.stage.add({
      batches: [this.#done(expired.map(({ offset }) => offset))],
      applied: () => {
        for (const entry of expired) this.#store.forget(entry);
        this.intake.resume();
      },
      failed: () => {
        for (const entry of expired) this.#index.add(entry, this.#now());
      },
    });
  }

  /** Those of `items` whose lease still is this consumer's. */
  #held(state: QueueConsumerState, items: readonly LeaseRun[]): QueueEntry[] {
    const entries: QueueEntry[] = [];
    eachLease(items, (offset, lease) => {
      const entry = state.held.get(offset);
      if (entry?.lease === lease) entries.push(entry);
    });
    return entries;
  }

  #remove(entry: QueueEntry, state: QueueConsumerState): void {
    state.held.delete(entry.offset);
    this.#index.remove(entry);
    this.#store.forget(entry);
  }

  #putBack(entry: QueueEntry, state: QueueConsumerState, delayMs: number, redeliveries: number): void {
    state.held.delete(entry.offset);
    if (entry.state !== 'leased') return;
    entry.redeliveries += redeliveries;
    const now = this.#now();
    this.#index.release(entry, now + delayMs, now);
  }

  #turn(): void {
    for (const entry of this.#index.turn(this.#now())) {
      entry.holder?.delete(entry.offset);
      entry.redeliveries++;
      this.#index.release(entry, 0, this.#now());
    }
  }

  #setTimer(): void {
    const grace = this.#polls.length > 0 && this.#now() < this.#context.graceUntil ? this.#context.graceUntil + 1 : Infinity;
    const due = Math.min(this.#index.nextTurn, grace);
    if (due === this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    if (due === Infinity) return;
    this.#timer = this.#context.clock.after(Math.max(0, due - this.#now()), () => {
      this.#timerDue = Infinity;
      this.#dispatch();
    });
  }

  #done(offsets: readonly number[]): BatchInput {
    return this.#operations([encodeDone(offsets)]);
  }

  #released(entries: readonly QueueEntry[], delayMs: number): BatchInput {
    const notBefore = this.#context.clock.now() + delayMs;
    return this.#operations(entries.map(({ offset, redeliveries }) => encodeReleased(offset, redeliveries + 1, notBefore)));
  }

  #operations(attributes: readonly Uint8Array[]): BatchInput {
    const records = attributes.map((one) => ({ payload: null, headers: {}, attributes: one }));
    return batchOf(this.#store.stream, encodeRecords(records, this.#context.clock.now()));
  }
}

function itemsOf(entries: readonly QueueEntry[]): QueueItems[] {
  const items: [number, number, number, number][] = [];
  let last: [number, number, number, number] | undefined;
  for (const { offset, lease, redeliveries } of entries) {
    const follows = last !== undefined && offset === last[0] + last[2] && lease === last[1] + last[2] && redeliveries === last[3];
    if (follows) last![2]++;
    else items.push((last = [offset, lease, 1, redeliveries]));
  }
  return items;
}

function hold(state: QueueConsumerState, entry: QueueEntry): void {
  state.held.set(entry.offset, entry);
  entry.holder = state.held;
}
