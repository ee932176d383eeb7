import type { LogFacet, OutboundMessage, SendOutcome } from '@millrace/messaging/binder';
import type { Topics } from '../admin/topics.ts';
import type { Cluster } from '../client/cluster.ts';

/** Where removals are kept: one compacted topic for all dead-letter topics of the cluster. */
export const removalsTopic = '__millrace_parking_removed';

/** What removals work with. */
export interface RemovalParts {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly log: LogFacet;
  send(topic: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]>;
}

/**
 * Which parked messages were removed. Kafka deletes only from the beginning of a topic, so each removal is a record of its own, seen
 * by all processes; it goes when the message itself is gone.
 */
export class Removals {
  readonly #parts: () => RemovalParts;
  /** Positions by dead-letter topic, each with the offset of the first record that says so. */
  readonly #removed = new Map<string, Map<number, number>>();
  #next = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: () => RemovalParts) {
    this.#parts = parts;
  }

  /** The removed positions of a dead-letter topic, as of now. */
  async of(deadLetter: string): Promise<ReadonlySet<number>> {
    await this.#catchUp();
    return new Set(this.#removed.get(deadLetter)?.keys());
  }

  /** Removes positions; resolves with how many were not removed by somebody else before. */
  async add(deadLetter: string, positions: readonly number[]): Promise<number> {
    if (positions.length === 0) return 0;
    const { topics } = this.#parts();
    await topics.bound(removalsTopic, 1, { compact: true });
    const offsets = await this.#send(deadLetter, positions, new Uint8Array(0));
    await this.#catchUp();
    const known = this.#removed.get(deadLetter);
    // Of several records for one position the first one did it.
    return positions.filter((position, index) => known?.get(position) === offsets[index]).length;
  }

  /** Forgets removals of messages that are gone. */
  async forget(deadLetter: string, positions: readonly number[]): Promise<void> {
    if (positions.length > 0) await this.#send(deadLetter, positions, null);
  }

  async #send(
    deadLetter: string,
    positions: readonly number[],
    payload: Uint8Array | null,
  ): Promise<readonly (number | undefined)[]> {
    const messages = positions.map((position) => ({ payload, headers: {}, key: `${deadLetter}/${position}` }));
    const outcomes = await this.#parts().send(removalsTopic, messages);
    return outcomes.map((outcome) => {
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.offset;
    });
  }

  /** Reads what was written since the last time, one reader at a time. */
  #catchUp(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(): Promise<void> {
    const { cluster, log } = this.#parts();
    if ((await cluster.topic(removalsTopic)) === undefined) return;
    for (;;) {
      const { messages, next } = await log.read(removalsTopic, 0, this.#next);
      for (const { key, payload, offset } of messages) this.#take(Buffer.from(key as Uint8Array).toString(), payload, offset);
      this.#next = next;
      if (messages.length === 0) return;
    }
  }

  #take(key: string, payload: Uint8Array | null, offset: number): void {
    const slash = key.lastIndexOf('/');
    const [deadLetter, position] = [key.slice(0, slash), Number(key.slice(slash + 1))];
    let positions = this.#removed.get(deadLetter);
    if (positions === undefined) this.#removed.set(deadLetter, (positions = new Map()));
    if (payload === null) positions.delete(position);
    else if (!positions.has(position)) positions.set(position, offset);
  }
}
