import type { StartPosition } from '@millrace/messaging/binder';
import type { Offsets } from '../client/offsets.ts';
import { earliest, latest } from '../client/offsets.ts';

/** Where a consumer begins in partitions: where its group stands, else where new groups start. */
export class StartPositions {
  readonly #offsets: Offsets;
  readonly #place: { readonly group: string; readonly destination: string; readonly isAnonymous: boolean };
  readonly #start: StartPosition;
  /** Partitions in which the group had no position. */
  #fresh = new Set<number>();

  constructor(
    offsets: Offsets,
    place: { readonly group: string; readonly destination: string; readonly isAnonymous: boolean },
    start: StartPosition | undefined,
  ) {
    this.#offsets = offsets;
    this.#place = place;
    this.#start = start ?? (place.isAnonymous ? 'latest' : 'earliest');
  }

  /** Partitions that the topic did not have before begin at their beginning. */
  async of(partitions: readonly number[], areNew: boolean): Promise<ReadonlyMap<number, number>> {
    const { group, destination, isAnonymous } = this.#place;
    const known = isAnonymous ? new Map<number, number>() : await this.#offsets.committed(group, destination, partitions);
    const fresh = partitions.filter((partition) => !known.has(partition));
    this.#fresh = new Set(fresh);
    return fresh.length === 0 ? known : new Map([...known, ...(await this.#initial(fresh, areNew ? 'earliest' : this.#start))]);
  }

  /**
   * Positions that a group has to keep from the beginning: were it to begin again at the latest after a crash, it would miss what
   * came meanwhile.
   */
  toCommit(positions: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
    if (this.#start === 'earliest' || this.#place.isAnonymous) return new Map();
    return new Map([...positions].filter(([partition]) => this.#fresh.has(partition)));
  }

  async #initial(partitions: readonly number[], start: StartPosition): Promise<ReadonlyMap<number, number>> {
    if (typeof start === 'object' && 'offset' in start) return new Map(partitions.map((partition) => [partition, start.offset]));
    const time = start === 'earliest' ? earliest : start === 'latest' ? latest : BigInt(start.time);
    const found = await this.#at(partitions, time);
    const beyond = partitions.filter((partition) => found.get(partition)! < 0);
    return beyond.length === 0 ? found : new Map([...found, ...(await this.#at(beyond, latest))]);
  }

  #at(partitions: readonly number[], time: bigint): Promise<ReadonlyMap<number, number>> {
    return this.#offsets.at(this.#place.destination, new Map(partitions.map((partition) => [partition, time])));
  }
}
