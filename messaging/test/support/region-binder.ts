import type { Clock } from '@millrace/core';
import {
  compileWhere,
  selectorMatcher,
  type Binder,
  type BinderCapabilities,
  type ChangeOutcome,
  type OutboundMessage,
  type RegionBinding,
  type RegionCapabilities,
  type RegionChange,
  type RegionChangeEvent,
  type RegionWatch,
  type Selector,
  type WatchEvent,
  type WatchOptions,
  type WireEntry,
} from '../../src/binder/index.ts';

const poor: RegionCapabilities = {
  versions: true,
  timeToLive: true,
  previousValue: true,
  where: 'client',
  resume: true,
  durableWatchers: true,
  modes: ['every'],
};

/**
 * A binder of one region only, whose watches a test can kill or make lose changes, and which can lack what stores may lack. It evaluates
 * no conditions in watches and knows no modes.
 */
export class RegionBinder implements Binder {
  readonly name = 'scripted';
  readonly capabilities: BinderCapabilities;
  readonly region = { open: async () => this.#binding() };
  readonly parking = {
    park: (deadLetter: string, messages: readonly OutboundMessage[]) => this.#park(deadLetter, messages),
  } as never;
  readonly provisioner = { deadLetterName: (destination: string, group: string) => `error.${destination}.${group}` } as never;
  /** Called with the operation before it runs; throwing makes it fail, a promise delays it. */
  before: (operation: string) => unknown = () => {};
  readonly parked: { readonly deadLetter: string; readonly message: OutboundMessage }[] = [];
  readonly acked: string[] = [];
  readonly applied: (readonly RegionChange[])[] = [];
  readonly opened: WatchOptions[] = [];
  readonly selectors: Selector[] = [];
  readonly #clock: Clock;
  readonly #entries = new Map<string, WireEntry>();
  readonly #changes: RegionChangeEvent[] = [];
  readonly #watches = new Set<TestWatch>();
  #version = 0;

  constructor(clock: Clock, can: Partial<RegionCapabilities> = {}) {
    this.#clock = clock;
    this.capabilities = { parking: true, log: false, queue: false, region: { ...poor, ...can } } as BinderCapabilities;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  bindProducer(): Promise<never> {
    return Promise.reject(new Error('this binder has a region only'));
  }

  bindConsumer(): Promise<never> {
    return Promise.reject(new Error('this binder has a region only'));
  }

  errorCode() {
    return 'UNAVAILABLE' as const;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Kills every open watch; what they were to be told of is theirs to ask for again. */
  kill(): void {
    for (const watch of this.#watches) watch.die(new Error('connection reset'));
  }

  /** Makes every open watch lose what comes during `lose`, and tell so. */
  async gap(reason: string, lose: () => Promise<unknown>): Promise<void> {
    const watches = [...this.#watches];
    for (const watch of watches) watch.isDeaf = true;
    await lose();
    for (const watch of watches) watch.startOver(reason, [...this.#entries.values()]);
  }

  #binding(): RegionBinding {
    return {
      region: 'seats',
      get: async (keys) => {
        await this.before('get');
        return keys.map((key) => this.#entries.get(key));
      },
      apply: async (changes, options) => {
        await this.before('apply');
        this.applied.push(changes);
        return changes.map((change) => this.#apply(change, options?.origin));
      },
      scan: async (selector, after, limit) => {
        const matches = selector.where === undefined ? () => true : compileWhere(selector.where);
        const sorted = [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
        const rest = sorted.filter(
          ({ key, value }) => (after === undefined || key > after) && matches(JSON.parse(Buffer.from(value).toString())),
        );
        return rest.slice(0, limit);
      },
      count: async () => this.#entries.size,
      clear: async (options) => {
        this.#entries.clear();
        this.#tell({
          kind: 'cleared',
          key: '',
          value: undefined,
          previous: undefined,
          contentType: '',
          metadata: {},
          origin: options?.origin,
        });
      },
      watch: async (selector, options) => this.#watch(selector, options),
      close: async () => {},
    };
  }

  #apply({ key, value, contentType = '', ifVersion, metadata = {} }: RegionChange, origin: string | undefined): ChangeOutcome {
    const before = this.#entries.get(key);
    if (ifVersion !== undefined && ifVersion !== (before?.version ?? 0)) return { applied: false, version: before?.version ?? 0 };
    const previous = before?.value;
    const version = this.#version + 1;
    const existed = before !== undefined;
    if (value !== null) {
      this.#entries.set(key, { key, value, contentType, version, time: this.#clock.now() });
      this.#tell({ kind: existed ? 'updated' : 'created', key, value, previous, contentType, metadata, origin });
    } else if (this.#entries.delete(key))
      this.#tell({ kind: 'removed', key, value: undefined, previous, contentType, metadata, origin });
    return { applied: true, version, existed };
  }

  #tell(change: Omit<RegionChangeEvent, 'version' | 'time' | 'position'>): void {
    const version = ++this.#version;
    const can = this.capabilities.region as RegionCapabilities;
    const previous = can.previousValue ? change.previous : undefined;
    const event = { ...change, previous, version: can.versions ? version : 0, time: this.#clock.now(), position: String(version) };
    this.#changes.push(event);
    for (const watch of this.#watches) watch.offer(event);
  }

  #watch(selector: Selector, options: WatchOptions): RegionWatch {
    this.opened.push(options);
    this.selectors.push(selector);
    const watch = new TestWatch(selector, options, this);
    const resume = options.resumeAfter ?? (options.name === undefined ? undefined : this.acked.at(-1));
    if (resume === undefined) watch.begin(options.snapshot === 'none' ? [] : [...this.#entries.values()], String(this.#version));
    else {
      watch.begin([], resume);
      for (const change of this.#changes) if (Number(change.position) > Number(resume)) watch.offer(change);
    }
    this.#watches.add(watch);
    watch.closed = () => this.#watches.delete(watch);
    return watch;
  }

  async #park(deadLetter: string, messages: readonly OutboundMessage[]) {
    await this.before('park');
    for (const message of messages) this.parked.push({ deadLetter, message });
    return messages.map(() => ({}));
  }
}

class TestWatch implements RegionWatch {
  readonly #options: WatchOptions;
  readonly #binder: RegionBinder;
  readonly #matches: (key: string) => boolean;
  #events: WatchEvent[] = [];
  #error: Error | undefined;
  #isClosed = false;
  #wake: () => void = () => {};
  isDeaf = false;
  closed: () => void = () => {};

  constructor(selector: Selector, options: WatchOptions, binder: RegionBinder) {
    this.#matches = selectorMatcher(selector);
    this.#options = options;
    this.#binder = binder;
  }

  begin(entries: readonly WireEntry[], position: string): void {
    const keysOnly = this.#options.snapshot === 'keys';
    for (const entry of entries)
      if (this.#matches(entry.key))
        this.#events.push({ kind: 'snapshot', key: entry.key, entry: keysOnly ? undefined : entry, position });
    this.#events.push({ kind: 'live', position });
    this.#wake();
  }

  offer(change: RegionChangeEvent): void {
    const isMine = change.kind === 'cleared' || this.#matches(change.key);
    if (this.isDeaf || !isMine || (change.origin !== undefined && change.origin === this.#options.excludeOrigin)) return;
    this.#events.push(change);
    this.#wake();
  }

  startOver(reason: string, entries: readonly WireEntry[]): void {
    this.isDeaf = false;
    this.#events.push({ kind: 'gap', reason, position: '0' });
    this.begin(entries, '0');
  }

  die(error: Error): void {
    this.#error = error;
    this.closed();
    this.#wake();
  }

  async receive(max: number): Promise<readonly WatchEvent[]> {
    for (;;) {
      await this.#binder.before('receive');
      if (this.#error !== undefined) throw this.#error;
      const events = this.#events.splice(0, max);
      if (events.length > 0 || this.#isClosed) return events;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ack(position: string): Promise<void> {
    await this.#binder.before('ack');
    this.#binder.acked.push(position);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.closed();
    this.#wake();
  }
}
