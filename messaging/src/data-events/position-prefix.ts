interface Step {
  readonly position: string | undefined;
  done: boolean;
}

/**
 * Keeps which of the events handed out in order are finished, and so up to which position everything is: what may be acknowledged
 * and resumed from. Events finish in any order; a position counts only when all before it did.
 */
export class PositionPrefix {
  readonly #steps: Step[] = [];
  #head = 0;
  #position: string | undefined;

  /** The last position before which, and with which, everything is finished. */
  get position(): string | undefined {
    return this.#position;
  }

  /** Events handed out and not finished, or waiting for an earlier one. */
  get open(): number {
    return this.#steps.length - this.#head;
  }

  /** Registers the next event; call the result once when it is finished. Without a position it only holds back later ones. */
  begin(position: string | undefined): () => void {
    const step: Step = { position, done: false };
    this.#steps.push(step);
    return () => {
      step.done = true;
      this.#advance();
    };
  }

  #advance(): void {
    while (this.#steps[this.#head]?.done === true) this.#position = this.#steps[this.#head++]!.position ?? this.#position;
    if (this.#head === this.#steps.length || this.#head > 1024) {
      this.#steps.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
