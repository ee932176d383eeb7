/** Acknowledges positions one after the other; what moves on meanwhile is acknowledged next, what lies between is left out. */
export class PositionAcks {
  readonly #ack: (position: string) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #wanted: string | undefined;
  #done: string | undefined;
  #running: Promise<void> | undefined;

  constructor(ack: (position: string) => Promise<void>, failed: (error: unknown) => void) {
    this.#ack = ack;
    this.#failed = failed;
  }

  /** Everything up to this position is done. */
  upTo(position: string | undefined): void {
    this.#wanted = position;
    this.#running ??= this.#run();
  }

  /** Resolves when what was asked for is acknowledged, or could not be. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // One turn later, so that what finishes together is acknowledged together.
    await Promise.resolve();
    while (this.#wanted !== undefined && this.#wanted !== this.#done) {
      const position = this.#wanted;
      this.#done = position;
      try {
        await this.#ack(position);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#running = undefined;
  }
}
