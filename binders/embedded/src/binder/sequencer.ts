import { sequenceWindow } from '../wire/protocol.ts';

/**
 * Numbers operations so that the broker recognises a repeated one. Number n is given only when n - window is settled, for that is
 * how far back the broker remembers.
 */
export class Sequencer {
  #next = 1;
  readonly #open = new Set<number>();
  readonly #waiting = new Set<() => void>();

  /** The next number, or a promise of it while too many are under way. */
  take(): number | Promise<number> {
    return this.#waiting.size === 0 && this.#isFree
      ? this.#give()
      : new Promise((resolve) => this.#waiting.add(() => resolve(this.#give())));
  }

  settled(sequence: number): void {
    this.#open.delete(sequence);
    for (const next of this.#waiting) {
      if (!this.#isFree) return;
      this.#waiting.delete(next);
      next();
    }
  }

  get #isFree(): boolean {
    return !this.#open.has(this.#next - sequenceWindow);
  }

  #give(): number {
    const sequence = this.#next++;
    this.#open.add(sequence);
    return sequence;
  }
}
