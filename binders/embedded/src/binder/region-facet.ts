import type {
  ChangeOutcome,
  RegionBinding,
  RegionChange,
  RegionFacet,
  RegionOptions,
  RegionWatch,
  Selector,
  WatchOptions,
  WireEntry,
} from '@millrace/messaging/binder';
import { encodeChangeRequest } from '../records/change-records.ts';
import { raise } from '../errors.ts';
import { encodeRecords } from '../records/records.ts';
import type { EntryMeta, SelectorMeta } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { batchMeta } from './encoding.ts';
import type { Link } from './link.ts';
import { Watch } from './watch.ts';

/** Regions over the embedded broker. */
export class EmbeddedRegions implements RegionFacet {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async open(region: string, { changeRetentionMs }: RegionOptions = {}): Promise<RegionBinding> {
    await this.#client.link.call('region.open', { region, changeRetentionMs });
    return new EmbeddedRegion(this.#client, region);
  }
}

class EmbeddedRegion implements RegionBinding {
  readonly region: string;
  readonly #client: Client;
  readonly #watches = new Set<Watch>();
  #closed = false;

  constructor(client: Client, region: string) {
    this.#client = client;
    this.region = region;
  }

  async get(keys: readonly string[]): Promise<readonly (WireEntry | undefined)[]> {
    const { meta, body } = await this.#link.call('region.get', { region: this.region, keys });
    const values = new Values(body);
    return meta.entries.map((entry) => (entry === null ? undefined : values.entry(entry)));
  }

  async apply(
    changes: readonly RegionChange[],
    { origin, atomic = false }: { readonly origin?: string; readonly atomic?: boolean } = {},
  ): Promise<readonly ChangeOutcome[]> {
    if (changes.length === 0) return [];
    for (const { value } of changes) this.#checkSize(value);
    const encoded = encodeRecords(changes.map(changeRecord), this.#client.clock.now());
    const ask = { region: this.region, batch: batchMeta(encoded), origin, atomic };
    const { meta } = await this.#link.call('region.apply', ask, [encoded.bytes]);
    return meta.outcomes.map(({ applied, version, existed }) => (applied ? { applied, version, existed } : { applied, version }));
  }

  async scan(selector: Selector, after: string | undefined, limit: number): Promise<readonly WireEntry[]> {
    const found: WireEntry[] = [];
    const select = selectorMeta(selector);
    for (let from = after, more = limit > 0; more; from = found.at(-1)?.key) {
      const ask = { region: this.region, selector: select, after: from, limit: limit - found.length };
      const { meta, body } = await this.#link.call('region.scan', ask);
      const values = new Values(body);
      for (const entry of meta.entries) found.push(values.entry(entry));
      more = meta.more && found.length < limit;
    }
    return found;
  }

  async count(): Promise<number> {
    const { meta } = await this.#link.call('region.count', { region: this.region });
    return meta.count;
  }

  async clear({ origin }: { readonly origin?: string } = {}): Promise<void> {
    await this.#link.call('region.clear', { region: this.region, origin });
  }

  async watch(selector: Selector, options: WatchOptions): Promise<RegionWatch> {
    if (this.#closed) throw raise('REGION_CLOSED', { region: this.region });
    const watch = await Watch.open(this.#client, this.region, selectorMeta(selector), options);
    this.#watches.add(watch);
    watch.onClosed = () => this.#watches.delete(watch);
    return watch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  get #link(): Link {
    if (this.#closed) throw raise('REGION_CLOSED', { region: this.region });
    return this.#client.link;
  }

  #checkSize(value: Uint8Array | null): void {
    const { maxMessageBytes: limit } = this.#client.limits;
    if (value !== null && value.length > limit) throw raise('MESSAGE_TOO_LARGE', { size: value.length, limit });
  }
}

function changeRecord({ key, value, contentType = '', ifVersion, timeToLiveMs, metadata = {} }: RegionChange) {
  return { key, payload: value, headers: metadata, attributes: encodeChangeRequest({ contentType, ifVersion, timeToLiveMs }) };
}

function selectorMeta({ keys, prefix, pattern, where }: Selector): SelectorMeta {
  return { keys, prefix, pattern, where };
}

/** Values one after another in a body. */
class Values {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  entry({ key, contentType, version, time, length }: EntryMeta): WireEntry {
    return { key, contentType, version, time, value: this.#body.subarray(this.#at, (this.#at += length)) };
  }
}
