import type { ChangeKind } from '@millrace/messaging/binder';
import { compileWhere, selectorMatcher } from '@millrace/messaging/binder';
import type { SelectorMeta } from '../../wire/protocol.ts';
import type { Change } from '../../records/change-records.ts';
import type { RegionEntry } from './region-state.ts';

/** What a watcher is told about a change, before it is put on the wire. */
export interface ToldChange {
  readonly kind: ChangeKind;
  readonly change: Change;
}

type ValueTest = (value: Uint8Array | undefined) => boolean;

/** A compiled selector: which entries and changes it is about. Throws `INVALID_ARGUMENT` for one that is not valid. */
export class Selection {
  readonly #key: (key: string) => boolean;
  readonly #value: ValueTest | undefined;

  constructor({ keys, prefix, pattern, where }: SelectorMeta) {
    this.#key = selectorMatcher({ keys, prefix, pattern });
    this.#value = where === undefined ? undefined : valueTest(compileWhere(where));
  }

  holds({ key, value }: Pick<RegionEntry, 'key' | 'value'>): boolean {
    return this.#key(key) && (this.#value === undefined || this.#value(value));
  }

  /** As what the change is to be told; `undefined` if it is none of the watcher's business. */
  kindOf(change: Change): ChangeKind | undefined {
    const { kind, key, previous, value } = change;
    if (kind === 'cleared') return 'cleared';
    if (kind === 'carried' || !this.#key(key)) return undefined;
    if (this.#value !== undefined) return conditionalKind(change, this.#value(previous), this.#value(value));
    if (kind !== 'put') return previous === undefined ? undefined : kind;
    return previous === undefined ? 'created' : 'updated';
  }
}

function conditionalKind({ kind }: Change, did: boolean, does: boolean): ChangeKind | undefined {
  if (does) return did ? 'changed' : 'entered';
  if (!did) return undefined;
  return kind === 'removed' || kind === 'expired' ? kind : 'left';
}

function valueTest(test: (value: unknown) => boolean): ValueTest {
  return (value) => value !== undefined && test(decoded(value));
}

/** The value as JSON; what is none meets only conditions on absence. */
function decoded(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString());
  } catch {
    return undefined;
  }
}

/** Only the last change of each key, from the first one's previous value to the last one's new one. */
export function conflate(changes: readonly Change[]): Change[] {
  const latest = new Map<string, Change>();
  for (const change of changes) {
    if (change.kind === 'carried') continue;
    if (change.kind === 'cleared') latest.clear();
    const before = latest.get(change.key);
    latest.delete(change.key);
    latest.set(change.key, before === undefined ? change : { ...change, previous: before.previous });
  }
  return [...latest.values()];
}
