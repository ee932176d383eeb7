import { MillraceError } from '@millrace/core';
import type { Clock } from '@millrace/core';
import type { Emit } from '../runtime/emit.ts';
import { emitted } from './emission.ts';
import type { Next } from './next.ts';
import type { StageCounts } from './stage.ts';

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** Takes what a source emits into the chain and knows what is still on its way. */
export class SourceRunner {
  readonly counts: StageCounts = { in: 0, out: 0, failed: 0, parked: 0 };
  readonly #next: Next;
  readonly #clock: Clock;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #stopped: AbortSignal;
  readonly #underway = new Set<Promise<void>>();

  /** `pause` waits, unless `stopped` is aborted meanwhile. */
  constructor(next: Next, clock: Clock, pause: (ms: number) => Promise<void>, stopped: AbortSignal) {
    this.#next = next;
    this.#clock = clock;
    this.#pause = pause;
    this.#stopped = stopped;
  }

  /** Hands over once: rejects when it was not taken. */
  readonly offer: Emit = (emission) => {
    const batch = emitted(emission, this.#clock.now());
    if (batch.length === 0) return done;
    this.counts.out += batch.length;
    const pending = this.#next.push(batch);
    if (!(pending instanceof Promise)) return done;
    this.#underway.add(pending);
    const settled = () => void this.#underway.delete(pending);
    pending.then(settled, settled);
    return pending;
  };

  /** Hands over, and again after a pause while what follows is unavailable. */
  readonly emit: Emit = (emission) => {
    const first = this.offer(emission);
    return first === done ? done : this.#insist(emission, first);
  };

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.allSettled(this.#underway);
  }

  async #insist(emission: Parameters<Emit>[0], first: Promise<void>): Promise<void> {
    let attempt = first;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        return await attempt;
      } catch (error) {
        this.counts.failed++;
        if (!(error instanceof MillraceError) || !error.retryable || this.#stopped.aborted) throw error;
      }
      await this.#pause(pause);
      attempt = this.offer(emission);
    }
  }
}

const done = Promise.resolve();
