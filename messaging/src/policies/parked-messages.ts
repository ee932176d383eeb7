import { randomUUID } from 'node:crypto';
import type { Clock } from '@millrace/core';
import type { Headers } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { type Binders, type DeadLetter, DeadLetters, parkAgain } from './dead-letters.ts';
import { onlyFailure } from './failure-headers.ts';
import type { ParkedFilter, ParkedMessage, ParkedMessages, RedriveOptions } from './parked.ts';
import { parkedId, placeOf } from './parked-form.ts';
import { Redriver } from './redriver.ts';

/** Marks an edited message until its position is known. */
const editMark = 'mr_edited_mark';
const defaultLimit = 100;

/** The parked messages of all binders of a runtime. */
export function createParkedMessages(binders: Binders, clock: Clock): ParkedMessages {
  return new ParkedMessagesOfBinders(new DeadLetters(binders), clock);
}

class ParkedMessagesOfBinders implements ParkedMessages {
  readonly #deadLetters: DeadLetters;
  readonly #clock: Clock;

  constructor(deadLetters: DeadLetters, clock: Clock) {
    this.#deadLetters = deadLetters;
    this.#clock = clock;
  }

  summary() {
    return this.#deadLetters.summary();
  }

  async list(
    filter: ParkedFilter = {},
    options: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<readonly ParkedMessage[]> {
    const { limit = defaultLimit, after } = options;
    const found: ParkedMessage[] = [];
    for await (const { messages } of this.#deadLetters.scan(filter, after === undefined ? undefined : placeOf(after))) {
      found.push(...messages);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async show(id: string): Promise<ParkedMessage> {
    return (await this.#deadLetters.find(id)).message;
  }

  async edit(id: string, change: { readonly payload?: Uint8Array; readonly headers?: Headers }): Promise<string> {
    const { deadLetter, place, entry } = await this.#deadLetters.find(id);
    const mark = randomUUID();
    const headers = { ...onlyFailure(entry.headers), ...(change.headers ?? entry.headers), [editMark]: mark };
    const message = { payload: change.payload ?? entry.payload, headers, key: entry.key };
    await parkAgain(deadLetter, message);
    const position = await findMark(deadLetter, place.position, mark);
    await deadLetter.parking.remove(deadLetter.name, [place.position]);
    return parkedId({ ...place, position });
  }

  async redrive(filter: ParkedFilter, options: RedriveOptions = {}): Promise<{ readonly redriven: number }> {
    const redriver = new Redriver(this.#clock, options);
    try {
      for await (const { deadLetter, messages } of this.#deadLetters.scan(filter)) {
        await redriver.redrive(deadLetter, messages);
        if (redriver.stopped) break;
      }
    } finally {
      await redriver.close();
    }
    return { redriven: redriver.redriven };
  }

  async discard(filter: ParkedFilter): Promise<{ readonly discarded: number }> {
    let discarded = 0;
    for await (const { deadLetter, messages } of this.#deadLetters.scan(filter)) {
      const positions = messages.map(({ id }) => placeOf(id).position);
      discarded += await deadLetter.parking.remove(deadLetter.name, positions);
    }
    return { discarded };
  }
}

/** The position of a message that was just parked behind another. */
async function findMark({ parking, name }: DeadLetter, after: number, mark: string): Promise<number> {
  for (let position = after; ;) {
    const entries = await parking.list(name, position, defaultLimit);
    const found = entries.find(({ headers }) => headers[editMark] === mark);
    if (found !== undefined) return found.position;
    const last = entries.at(-1);
    if (last === undefined) throw raise('EDIT_UNFOUND', { deadLetter: name });
    position = last.position;
  }
}
