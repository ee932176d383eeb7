import type { Binder, OutboundMessage, ParkedEntry, ParkingFacet } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import type { ParkedFilter, ParkedMessage } from './parked.ts';
import {
  type DeadLetterFacts,
  type DeadLetterOrigin,
  meets,
  originOf,
  parkedMessage,
  type ParkedPlace,
  placeOf,
} from './parked-form.ts';

/** The binders of a runtime, by configured name. */
export interface Binders {
  names(): readonly string[];
  get(name: string): Promise<Binder>;
}

/** One dead-letter destination. */
export interface DeadLetter extends DeadLetterFacts {
  readonly binderName: string;
  readonly binder: Binder;
  readonly parking: ParkingFacet;
  readonly name: string;
  readonly count: number;
}

const page = 100;

/** The dead-letter destinations of all binders that keep parked messages one by one. */
export class DeadLetters {
  readonly #binders: Binders;

  constructor(binders: Binders) {
    this.#binders = binders;
  }

  /** All of them, in a fixed order; of those that other programs made, a binder may know only the one that `filter` names. */
  async all(filter: ParkedFilter = {}): Promise<readonly DeadLetter[]> {
    const lists = await Promise.all(this.#binders.names().map((name) => this.#ofBinder(name, filter)));
    return lists.flat();
  }

  /** Destination, group and number of messages of each. */
  async summary() {
    const all = await this.all();
    return Promise.all(
      all.map(async (deadLetter) => {
        const { parking, name, count } = deadLetter;
        const [first] = await parking.list(name, 0, 1);
        return { deadLetter: name, ...originOf(first?.headers ?? {}, deadLetter), count };
      }),
    );
  }

  /** The messages that a filter means, oldest first in each destination, page by page. `after` is the place to go on behind. */
  async *scan(
    filter: ParkedFilter,
    after?: ParkedPlace,
  ): AsyncGenerator<{ readonly deadLetter: DeadLetter; readonly messages: readonly ParkedMessage[] }> {
    let skipping = after !== undefined;
    for (const deadLetter of await this.all(filter)) {
      const here = after !== undefined && deadLetter.binderName === after.binder && deadLetter.name === after.deadLetter;
      if (skipping && !here) continue;
      skipping = false;
      if (!possible(deadLetter, filter)) continue;
      for await (const messages of this.#pages(deadLetter, filter, here ? after.position : 0)) yield { deadLetter, messages };
    }
  }

  /** One message and where it is. `NOT_FOUND` if it is gone. */
  async find(id: string): Promise<{
    readonly deadLetter: DeadLetter;
    readonly place: ParkedPlace;
    readonly entry: ParkedEntry;
    readonly message: ParkedMessage;
  }> {
    const place = placeOf(id);
    if (!this.#binders.names().includes(place.binder)) throw raise('PARKED_UNKNOWN', { id });
    const deadLetter = (await this.#ofBinder(place.binder)).find(({ name }) => name === place.deadLetter);
    const [entry] = deadLetter === undefined ? [] : await deadLetter.parking.list(place.deadLetter, place.position - 1, 1);
    if (deadLetter === undefined || entry?.position !== place.position) throw raise('PARKED_UNKNOWN', { id });
    return { deadLetter, place, entry, message: parkedMessage(place, entry, deadLetter) };
  }

  /** Messages of one destination. At most as many as were there at first are looked at, so that what comes back does not go round. */
  async *#pages(deadLetter: DeadLetter, filter: ParkedFilter, after: number): AsyncGenerator<readonly ParkedMessage[]> {
    let position = after;
    for (let left = deadLetter.count; left > 0;) {
      const entries = await deadLetter.parking.list(deadLetter.name, position, Math.min(page, left));
      const last = entries.at(-1);
      if (last === undefined) return;
      position = last.position;
      left -= entries.length;
      const messages = entries.map((entry) => {
        const place = { binder: deadLetter.binderName, deadLetter: deadLetter.name, position: entry.position };
        return parkedMessage(place, entry, deadLetter);
      });
      const meant = messages.filter((message) => meets(message, filter));
      if (meant.length > 0) yield meant;
    }
  }

  async #ofBinder(binderName: string, { destination, group }: ParkedFilter = {}): Promise<DeadLetter[]> {
    const binder = await this.#binders.get(binderName);
    const { parking } = binder;
    if (parking === undefined) return [];
    try {
      // A server need not tell what queues it has: then the binder learns of this one by being asked for it.
      if (destination !== undefined && group !== undefined)
        await parking.list(binder.provisioner.deadLetterName(destination, group), 0, 1);
      const [summary, origins] = await Promise.all([parking.summary(), originsOf(binder)]);
      return summary.map(({ name, count }) => {
        const groupOf = (from: string): string | undefined => groupIn(binder, from, name);
        return { binderName, binder, parking, name, count, origin: origins.get(name), groupOf };
      });
    } catch (error) {
      throw binderError(binder, 'list parked messages', error);
    }
  }
}

/** Parks a message; its position is found by looking, since outcomes do not tell it. */
export async function parkAgain(deadLetter: DeadLetter, message: OutboundMessage): Promise<void> {
  const [outcome] = await deadLetter.parking.park(deadLetter.name, [message]);
  if (outcome?.error !== undefined) throw outcome.error;
}

/** What each dead-letter destination is for, from the groups that exist: other programs do not write ours into their messages. */
async function originsOf(binder: Binder): Promise<ReadonlyMap<string, DeadLetterOrigin>> {
  const destinations = await binder.provisioner.list();
  const pairs = destinations.flatMap(({ name, groups = [] }) => groups.map((group) => ({ destination: name, group })));
  return new Map(pairs.map((origin) => [binder.provisioner.deadLetterName(origin.destination, origin.group), origin]));
}

/** The group that a dead-letter destination of `destination` has in its name: other programs do not write it into their messages. */
function groupIn({ provisioner }: Binder, destination: string, name: string): string | undefined {
  const anyGroup = 'any-group';
  const [before, after] = provisioner.deadLetterName(destination, anyGroup).split(anyGroup) as [string, string];
  const isIts = name.startsWith(before) && name.endsWith(after) && name.length > before.length + after.length;
  return isIts ? name.slice(before.length, name.length - after.length) : undefined;
}

/** Whether a dead-letter destination can hold what a filter asks for, as far as its name tells. */
function possible({ binder, binderName, name }: DeadLetter, { destination, group, ids }: ParkedFilter): boolean {
  if (ids !== undefined && !ids.map(placeOf).some((place) => place.binder === binderName && place.deadLetter === name))
    return false;
  return destination === undefined || group === undefined || binder.provisioner.deadLetterName(destination, group) === name;
}
