import { sequenceWindow } from '../wire/protocol.ts';

/**
 * Numbers operations so that the broker recognises a repeated one. Number n is given only when n - window is settled, for that is
 * how far back the broker remembers.
 */
export class Sequencer {
  #next = 1;
  readonly #open = new Set<number>();
  readonly #waiting: (() => void)[] = [];

  /** The next number, or a promise of it while too many are under way. */
  take(): number | Promise<number> {
    return this.#waiting.length === 0 && this.#isFree
      ? this.#give()
      : new Promise((resolve) => this.#waiting.push(() => resolve(this.#give())));
  }

  settled(sequence: number): void {
    this.#open.delete(sequence);
    while (this.#waiting.length > 0 && this.#isFree) this.#waiting.shift()!();
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
