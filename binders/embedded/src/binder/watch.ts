import type { ChangeKind, Headers, RegionWatch, WatchEvent, WatchOptions } from '@millrace/messaging/binder';
import { ByteReader } from '../records/byte-reader.ts';
import { readHeaders } from '../records/headers.ts';
import type { EventMeta, SelectorMeta } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { newId } from './client.ts';
import type { Link } from './link.ts';
import { Waiter } from './waiter.ts';

/** Events fetched at once; while they are handled nothing more is fetched, so what waits, waits in the broker. */
const batchEvents = 1000;

/** A watch of a region. After a lost connection it goes on behind the last event that it handed out. */
export class Watch implements RegionWatch {
  onClosed: () => void = () => undefined;
  readonly #id = newId();
  readonly #client: Client;
  readonly #region: string;
  readonly #selector: SelectorMeta;
  readonly #options: WatchOptions;
  readonly #waiter: Waiter<WatchEvent>;
  #arrived: WatchEvent[] = [];
  /** The last event that came, where one can go on behind it. */
  #reached: string | undefined;
  #inSnapshot = false;
  #resumed = false;
  #polling = false;
  #failure: unknown;
  #closed = false;
  #closing: Promise<void> | undefined;
  #stopRenewal: () => void = () => undefined;

  private constructor(client: Client, region: string, selector: SelectorMeta, options: WatchOptions) {
    this.#client = client;
    this.#region = region;
    this.#selector = selector;
    this.#options = options;
    this.#waiter = new Waiter(client.clock, region);
  }

  static async open(client: Client, region: string, selector: SelectorMeta, options: WatchOptions): Promise<Watch> {
    const watch = new Watch(client, region, selector, options);
    await watch.#open(client.link, options.resumeAfter);
    watch.#stopRenewal = client.link.onRenewed({
      attach: (link) => watch.#renew(link),
      failed: (error) => watch.#fail(error),
    });
    return watch;
  }

  receive(max: number, waitMs?: number): Promise<readonly WatchEvent[]> {
    return this.#waiter.wait(() => this.#take(max), waitMs);
  }

  async ack(position: string): Promise<void> {
    if (this.#options.name !== undefined) await this.#client.link.call('watch.ack', { watch: this.#id, position });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#stopRenewal();
    this.onClosed();
    this.#waiter.wake();
    if (this.#failure === undefined) await this.#client.link.call('watch.close', { watch: this.#id });
  }

  async #open(link: Link, resumeAfter: string | undefined): Promise<void> {
    const options = { ...this.#options, resumeAfter };
    await link.call('watch.open', { watch: this.#id, region: this.#region, selector: this.#selector, options });
  }

  /** A snapshot that was cut off is taken again from its beginning. */
  async #renew(link: Link): Promise<void> {
    if (this.#inSnapshot) this.#tellGap();
    const reached = this.#options.competing === true ? undefined : this.#reached;
    this.#resumed = reached !== undefined;
    await this.#open(link, reached ?? this.#options.resumeAfter);
  }

  #tellGap(): void {
    const reason = 'the connection was lost during the snapshot';
    this.#arrived = [{ kind: 'gap', reason, position: this.#options.resumeAfter ?? '' }];
    this.#inSnapshot = false;
  }

  #take(max: number): readonly WatchEvent[] | undefined {
    if (this.#closed) return [];
    if (this.#arrived.length > 0) return this.#arrived.splice(0, max);
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#polling) void this.#poll();
    return undefined;
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    try {
      const ask = { watch: this.#id, max: batchEvents, maxBytes: this.#client.limits.readAheadBytes };
      const { meta, body } = await this.#client.link.call('watch.poll', ask);
      this.#accept(meta.events, body);
    } catch (error) {
      this.#fail(error);
    }
    this.#polling = false;
    this.#waiter.wake();
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#failure = error;
    this.#waiter.wake();
  }

  #accept(metas: readonly EventMeta[], body: Uint8Array): void {
    const input = new ByteReader(body);
    // Going on where it was is no news to the watcher.
    const known = this.#resumed && metas[0]?.kind === 'live' ? 1 : 0;
    if (metas.length > 0) this.#resumed = false;
    for (const meta of metas.slice(known)) {
      this.#arrived.push(eventOf(meta, input));
      this.#inSnapshot = meta.kind === 'snapshot' || meta.kind === 'gap';
      this.#reached = this.#inSnapshot ? undefined : meta.position;
    }
  }
}

function eventOf(meta: EventMeta, input: ByteReader): WatchEvent {
  const { kind, position, key = '', contentType = '', version = 0, time = 0, origin, reason = '' } = meta;
  const value = bytes(input, meta.value);
  if (kind === 'live') return { kind, position };
  if (kind === 'gap') return { kind, reason, position };
  if (kind === 'snapshot')
    return { kind, key, position, entry: value === undefined ? undefined : { key, value, contentType, version, time } };
  const previous = bytes(input, meta.previous);
  const metadata = headers(input, meta.metadata);
  return { kind: kind satisfies ChangeKind, key, value, previous, contentType, version, time, origin, metadata, position };
}

function bytes(input: ByteReader, length: number | undefined): Uint8Array | undefined {
  return length === undefined ? undefined : input.raw(length);
}

function headers(input: ByteReader, length: number | undefined): Headers {
  return length === undefined ? {} : readHeaders(new ByteReader(input.raw(length)));
}
