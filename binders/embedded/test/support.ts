import { ManualClock } from '@millrace/core';
import type { SendOutcome, WatchEvent } from '@millrace/messaging/binder';
import { embeddedCapabilities } from '../src/binder/capabilities.ts';
import { DirectLink } from '../src/binder/direct-link.ts';
import { EmbeddedBinder } from '../src/binder/embedded-binder.ts';
import { Broker } from '../src/broker/broker.ts';
import type { BrokerLimits } from '../src/broker/context.ts';
import type { BatchInput, Journal } from '../src/journal/journal.ts';
import { MemoryJournal } from '../src/journal/memory-journal.ts';

export const limits: BrokerLimits = {
  maxMessageBytes: 1024 * 1024,
  maxQueueDepth: 1_000_000,
  maxAnswerBytes: 1024 * 1024,
  revokeMs: 10_000,
  graceMs: 500,
};

/** Commits at the end of the turn. */
export const scheduling = { soon: queueMicrotask, later: queueMicrotask };

/** A broker on a journal that outlives it, so that restarts can be tested, with a clock that stands still. */
export class Bench {
  readonly clock = new ManualClock();
  readonly journal: Journal;
  broker: Broker;
  readonly #limits: BrokerLimits;
  #generation = 0;

  constructor(options: Partial<BrokerLimits> & { readonly journal?: (clock: ManualClock) => Journal } = {}) {
    const { journal, ...own } = options;
    this.#limits = { ...limits, ...own };
    this.journal = journal?.(this.clock) ?? new MemoryJournal({ clock: this.clock });
    this.broker = this.#start(false);
  }

  /** The broker dies without a word, and another takes its place. */
  restart(takeOver = false): void {
    this.broker = this.#start(takeOver);
  }

  /** A client of the broker as it is now. */
  async client(readAheadBytes = 1024 * 1024): Promise<EmbeddedBinder> {
    const binder = new EmbeddedBinder({
      capabilities: embeddedCapabilities(true, limits.maxMessageBytes),
      clock: this.clock,
      limits: { maxMessageBytes: limits.maxMessageBytes, maxUnackedBytes: 4 * 1024 * 1024, readAheadBytes, sendWaitMs: 30_000 },
      connect: () => Promise.resolve(new DirectLink(this.broker, () => undefined)),
    });
    await binder.open();
    return binder;
  }

  #start(takeOver: boolean): Broker {
    const { clock } = this;
    const generation = ++this.#generation;
    // A dead broker writes nothing more, whatever it was about to.
    const commit = (batches: readonly BatchInput[]): readonly number[] => {
      if (generation !== this.#generation) throw new Error('this broker is dead');
      return this.journal.commit(batches);
    };
    const journal = new Proxy(this.journal, {
      get: (target, name) => (name === 'commit' ? commit : bound(target, Reflect.get(target, name) as unknown)),
    });
    return new Broker({ journal, clock, limits: this.#limits, scheduling, takeOver });
  }
}

function bound(target: Journal, value: unknown): unknown {
  return typeof value === 'function' ? value.bind(target) : value;
}

export function bytes(content: string): Uint8Array {
  return Buffer.from(content);
}

export function text(payload: Uint8Array | null | undefined): string | undefined {
  return payload === null || payload === undefined ? undefined : Buffer.from(payload).toString();
}

export function message(payload: string, more: { key?: string; partition?: number; timestamp?: number } = {}) {
  return { payload: bytes(payload), headers: {}, ...more };
}

export function command(
  id: string,
  more: Partial<{ notBefore: number; expiresAt: number; priority: number; deduplicateMs: number }> = {},
) {
  return { id, payload: bytes(id), headers: {}, ...more };
}

/** Where an accepted message lies; the reason where it was not accepted. */
export function place(
  outcome: SendOutcome | undefined,
): readonly [partition: number | undefined, offset: number | undefined] | string {
  if (outcome?.error !== undefined) return outcome.error.reason;
  return [outcome?.partition, outcome?.offset];
}

/** A watch event in short: kind and key, with the values where it has some. */
export function brief(event: WatchEvent): string {
  if (event.kind === 'live' || event.kind === 'gap') return event.kind;
  if (event.kind === 'snapshot') return `snapshot ${event.key}=${text(event.entry?.value) ?? '?'}`;
  const values = event.kind === 'cleared' ? '' : ` ${text(event.previous) ?? '-'}>${text(event.value) ?? '-'}`;
  return `${event.kind} ${event.key}${values}`;
}

/** Lets everything that is due run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
