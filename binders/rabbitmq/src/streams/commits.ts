import type { Place, Positions } from './positions.ts';

/** Writes positions of one partition, one at a time, always the latest: what is asked for meanwhile is written together. */
export class Commits {
  readonly #positions: Positions;
  readonly #place: Place;
  #wanted: number | undefined;
  #writing: Promise<void> | undefined;

  constructor(positions: Positions, place: Place) {
    this.#positions = positions;
    this.#place = place;
  }

  /** Resolves when this position, or a later asked for one, is stored. */
  async commit(offset: number): Promise<void> {
    this.#wanted = offset;
    // What is under way may have been asked for before us.
    await this.#writing?.catch(() => undefined);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #write(): Promise<void> {
    const offset = this.#wanted;
    if (offset === undefined) return;
    this.#wanted = undefined;
    await this.#positions.write(this.#place, offset);
  }
}
