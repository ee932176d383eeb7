import { projection, type Projection } from './projection.ts';
import type { EntryCoder } from './entry-coder.ts';
import type { EntryEvent } from './region-handle.ts';
import type { TrackedEvent } from './tracked-event.ts';
import type { WatchPlan } from './watch-plan.ts';

/** Makes of a tracked event what the handler sees: decoded, checked, with the fields that were asked for. */
export class EventDecoder<V> {
  readonly #coder: EntryCoder<V>;
  readonly #keysOnly: WatchPlan['keysOnly'];
  readonly #project: Projection;

  constructor(coder: EntryCoder<V>, keysOnly: WatchPlan['keysOnly'], fields: readonly string[] | undefined) {
    this.#coder = coder;
    this.#keysOnly = keysOnly;
    this.#project = projection(fields);
  }

  /** Rejects with `INVALID_ARGUMENT` when the value cannot be read or does not match the schema. */
  async decode(event: TrackedEvent): Promise<EntryEvent<V>> {
    const { kind, key, version, time, cause, metadata, position = '' } = event;
    const keysOnly = kind === 'snapshot' ? this.#keysOnly.snapshot : this.#keysOnly.changes;
    const value = keysOnly || event.value === undefined ? undefined : await this.#value(event.value, event.contentType);
    const previous = keysOnly || event.previous === undefined ? undefined : await this.#previous(event.previous, event.contentType);
    return {
      kind,
      key,
      value,
      previous,
      version,
      time,
      cause: cause === undefined ? undefined : originName(cause),
      metadata,
      position,
    };
  }

  async #value(bytes: Uint8Array, contentType: string): Promise<V> {
    return this.#project(await this.#coder.decode(bytes, contentType)) as V;
  }

  /** What an entry was may be older than its schema; that must not keep anyone from learning what it is. */
  async #previous(bytes: Uint8Array, contentType: string): Promise<V | undefined> {
    try {
      return await this.#value(bytes, contentType);
    } catch {
      return undefined;
    }
  }
}

/** Separates a runtime's name from what makes its origin unique. */
export const originSeparator = '#';

function originName(origin: string): string {
  const end = origin.lastIndexOf(originSeparator);
  return end === -1 ? origin : origin.slice(0, end);
}
