import { sequenceWindow } from '../wire/protocol.ts';

/**
 * Numbers operations so that the broker recognises a repeated one. Number n is given only when n - window is settled, for that is
 * how far back the broker remembers.
 */
export class Sequencer {
  #next = 1;
  readonly #open = new Set<number>();
  readonly #waiting: (() => void)[] = [];

  /** Begins an operation with the next number: at once, or, while too many are under way, in its turn. */
  begin<R>(operation: (sequence: number) => Promise<R>): Promise<R> {
    if (this.#waiting.length === 0 && this.#isFree) return operation(this.#give());
    return new Promise((resolve) => this.#waiting.push(() => resolve(operation(this.#give()))));
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
