import type { WatchMeta } from '../../wire/protocol.ts';
import { raise } from '../../errors.ts';
import type { ChangeLog } from './change-log.ts';
import type { ChangeSource } from './change-source.ts';
import { CursorSource, defaultBacklog } from './change-source.ts';
import { CompetingWatchers } from './competing-watchers.ts';
import type { BrokerContext } from '../context.ts';
import type { Selection } from './watch-events.ts';

/** One of those who attached under a name. */
interface Member {
  /** Tells it of what is new. */
  serve(): void;
}

/** The region, as far as its named watchers have to know it. */
interface Watched {
  readonly name: string;
  readonly stored: { readonly id: number };
  readonly changes: ChangeLog;
}

/** What is kept of a durable watcher while it is away. */
interface StoredWatcher {
  /** The first change that is not done. */
  readonly position: number;
  /** Its first snapshot was never finished. */
  readonly fresh: boolean;
  readonly maxBacklog: number;
}

interface Named {
  stored: StoredWatcher;
  readonly acknowledged: Map<Member, number>;
  competing: CompetingWatchers | undefined;
}

/** How a named watcher goes on. */
export interface Attachment {
  readonly source: ChangeSource;
  readonly fresh: boolean;
}

/** Durable watchers of a region: their positions survive restarts, and the changes they need are kept within their backlog. */
export class NamedWatchers {
  readonly #context: BrokerContext;
  readonly #region: Watched;
  readonly #names = new Map<string, Named>();

  constructor(context: BrokerContext, region: Watched) {
    this.#context = context;
    this.#region = region;
    for (const [key, stored] of context.control.entries(this.#key('')))
      this.#names.set(key.slice(this.#key('').length), named(stored as StoredWatcher));
  }

  /** The oldest change that a watcher needs which is not too far behind. */
  get oldestNeeded(): number | undefined {
    const { next } = this.#region.changes;
    const needed = [...this.#names.values()].flatMap(({ stored }) =>
      next - stored.position <= stored.maxBacklog ? [stored.position] : [],
    );
    return needed.length === 0 ? undefined : Math.min(...needed);
  }

  attach(name: string, watcher: Member, options: WatchMeta, selection: Selection): Attachment {
    const known = this.#names.get(name);
    const { next } = this.#region.changes;
    const { maxBacklog = defaultBacklog } = options;
    const fresh = known === undefined ? options.snapshot !== 'none' : known.stored.fresh && known.acknowledged.size === 0;
    const entry = known ?? named({ position: next, fresh, maxBacklog });
    if (known === undefined) this.#names.set(name, entry);
    this.#store(name, { ...entry.stored, maxBacklog });
    const start = entry.stored.position;
    entry.acknowledged.set(watcher, start);
    if (options.competing !== true) return { source: new CursorSource(this.#region.changes, options, start), fresh };
    entry.competing ??= new CompetingWatchers(this.#region.changes, options, selection, start);
    return { source: entry.competing.join(() => watcher.serve()), fresh };
  }

  /** Stages the position that results from this acknowledgement. */
  acknowledge(name: string, watcher: Member, offset: number): void {
    const entry = this.#names.get(name);
    if (entry === undefined) throw raise('WATCHER_UNKNOWN', { region: this.#region.name, name });
    const before = entry.acknowledged.get(watcher) ?? 0;
    entry.acknowledged.set(watcher, Math.max(before, offset));
    const position = entry.competing?.position ?? Math.min(...entry.acknowledged.values());
    if (position > entry.stored.position || entry.stored.fresh)
      this.#store(name, { ...entry.stored, position: Math.max(position, entry.stored.position), fresh: false });
  }

  detach(name: string, watcher: Member): void {
    const entry = this.#names.get(name);
    entry?.acknowledged.delete(watcher);
    if (entry?.competing?.size === 0) entry.competing = undefined;
  }

  #store(name: string, stored: StoredWatcher): void {
    this.#names.get(name)!.stored = stored;
    this.#context.control.put(this.#key(name), stored);
  }

  #key(name: string): string {
    return `w|${this.#region.stored.id}|${name}`;
  }
}

function named(stored: StoredWatcher): Named {
  return { stored, acknowledged: new Map(), competing: undefined };
}
