import type { ConsumeMessage } from 'amqplib';
import { randomUUID } from 'node:crypto';
import type { Admin } from '../client/admin.ts';
import type { Link } from '../client/link.ts';
import { sleep, within } from '../client/patience.ts';
import { raise } from '../errors.ts';
import type { Publisher } from '../producer/publisher.ts';
import { lastOffset } from '../streams/stream-end.ts';
import { StreamReader } from '../streams/stream-reader.ts';

/** What RabbitMQ itself does not tell over AMQP: which destinations there are, with how many partitions, and their groups. */
export interface CatalogueEntry {
  readonly name: string;
  readonly kind: 'log' | 'queue';
  readonly storage: 'queues' | 'streams';
  readonly partitions: number;
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
}

/** An entry with what was added to it. */
export interface KnownDestination extends CatalogueEntry {
  readonly groups: ReadonlySet<string>;
  /** Levels of delay that a queue of commands has. */
  readonly delayLevels: number;
  /** Groups and partitions, as `group-partition`, whose positions are written in streams. */
  readonly positions: ReadonlySet<string>;
}

type CatalogueRecord = { readonly id: string } & (
  | { readonly op: 'create'; readonly entry: CatalogueEntry }
  | { readonly op: 'delete'; readonly name: string }
  | { readonly op: 'group'; readonly name: string; readonly group: string }
  | { readonly op: 'deadLetter'; readonly name: string }
  | { readonly op: 'delayLevels'; readonly name: string; readonly levels: number }
  | { readonly op: 'position'; readonly name: string; readonly position: string }
  | { readonly op: 'begin' }
);
type Change = CatalogueRecord extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

export const catalogueStream = 'millrace.catalogue';
const prefetch = 500;
const firstStreamMs = 1200;

/**
 * The list of destinations, kept in a stream that every client reads from its first record on. Of two clients that create the same
 * destination the one whose record lies first wins, and the other takes what it finds.
 */
export class Catalogue {
  readonly #link: Link;
  readonly #admin: Admin;
  readonly #publisher: Publisher;
  readonly #destinations = new Map<
    string,
    KnownDestination & { readonly groups: Set<string>; readonly positions: Set<string>; delayLevels: number }
  >();
  readonly #deadLetters = new Set<string>();
  readonly #awaited = new Map<string, () => void>();
  readonly #progress = new Set<() => void>();
  #reader: StreamReader | undefined;
  #read = -1;
  #uncredited = 0;
  #syncing: Promise<void> | undefined;
  #isClosed = false;

  constructor(link: Link, admin: Admin, publisher: Publisher) {
    this.#link = link;
    this.#admin = admin;
    this.#publisher = publisher;
  }

  async open(): Promise<void> {
    await this.#declare();
    this.#link.on('up', () => void this.#follow());
    await this.#follow();
    await this.sync();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader?.close();
  }

  /** What is known here; may be behind by what others did in the last milliseconds. */
  known(name: string): KnownDestination | undefined {
    return this.#destinations.get(name);
  }

  all(): readonly KnownDestination[] {
    return [...this.#destinations.values()];
  }

  /** The names of dead-letter queues that were made through this binder. */
  deadLetters(): readonly string[] {
    return [...this.#deadLetters];
  }

  /** Resolves when everything is known that was written before the call. */
  async sync(): Promise<void> {
    // A look that began before the call may have missed what was written in between.
    await this.#syncing?.catch(() => undefined);
    this.#syncing ??= this.#sync().finally(() => (this.#syncing = undefined));
    await this.#syncing;
  }

  /** Adds a destination unless there is one of that name; resolves with the one that there is. */
  async create(entry: CatalogueEntry): Promise<KnownDestination> {
    await this.#append({ op: 'create', entry });
    const created = this.known(entry.name);
    if (created === undefined) throw raise('DESTINATION_GONE', { destination: entry.name });
    return created;
  }

  async remove(name: string): Promise<void> {
    await this.#append({ op: 'delete', name });
  }

  async addGroup(name: string, group: string): Promise<void> {
    if (this.known(name)?.groups.has(group) !== true) await this.#append({ op: 'group', name, group });
  }

  async addDeadLetter(name: string): Promise<void> {
    if (!this.#deadLetters.has(name)) await this.#append({ op: 'deadLetter', name });
  }

  async addPosition(name: string, position: string): Promise<void> {
    if (this.known(name)?.positions.has(position) !== true) await this.#append({ op: 'position', name, position });
  }

  async addDelayLevels(name: string, levels: number): Promise<void> {
    if ((this.known(name)?.delayLevels ?? 0) < levels) await this.#append({ op: 'delayLevels', name, levels });
  }

  async #declare(): Promise<void> {
    const options = { durable: true, arguments: { 'x-queue-type': 'stream' } };
    const what = `declare the stream '${catalogueStream}', in which destinations are listed`;
    await this.#admin.run(what, async (channel) => channel.assertQueue(catalogueStream, options));
    // Never empty, so that its end can be found.
    if ((await this.#last()) !== undefined) return;
    await this.#write({ op: 'begin' }, randomUUID());
    // A server that crashes in the moment after its first stream was made has no streams any more, ever.
    await sleep(firstStreamMs);
  }

  #last(isFilled = false): Promise<number | undefined> {
    const what = 'look for the end of the list of destinations';
    return this.#admin.run(what, async () => lastOffset(this.#link, catalogueStream, this.#admin.patienceMs, isFilled));
  }

  async #sync(): Promise<void> {
    const last = (await this.#last(true)) ?? -1;
    await this.#reached(() => this.#read >= last);
  }

  async #append(change: Change): Promise<void> {
    const id = randomUUID();
    const seen = new Promise<void>((resolve) => this.#awaited.set(id, resolve));
    try {
      await this.#write(change, id);
      await within(seen, this.#admin.patienceMs, () => this.#slow());
    } finally {
      this.#awaited.delete(id);
    }
  }

  async #write(change: Change, id: string): Promise<void> {
    const content = Buffer.from(JSON.stringify({ id, ...change }));
    const target = { exchange: '', routingKey: catalogueStream, destination: catalogueStream };
    const options = { persistent: true, mandatory: true, contentType: 'application/json' };
    const error = await this.#publisher.publish(target, { content, options });
    if (error !== undefined) throw error;
  }

  #slow(): Error {
    return raise('TOO_SLOW', { what: `deliver the list of destinations ('${catalogueStream}')`, waitedMs: this.#admin.patienceMs });
  }

  async #reached(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    let check: (() => void) | undefined;
    const reaching = new Promise<void>((resolve) => {
      check = () => isThere() && resolve();
      this.#progress.add(check);
    });
    try {
      await within(reaching, this.#admin.patienceMs, () => this.#slow());
    } finally {
      this.#progress.delete(check!);
    }
  }

  /** Reads on behind what was read, on the connection that there is now. */
  async #follow(): Promise<void> {
    while (!this.#isClosed && this.#link.model !== undefined && this.#reader?.isOver !== false) {
      try {
        this.#reader = await StreamReader.open(
          this.#link,
          catalogueStream,
          this.#read < 0 ? 'first' : this.#read + 1,
          prefetch,
          { message: (message, offset) => this.#take(message, offset), ended: () => void this.#follow() },
          this.#admin.patienceMs,
        );
        if (this.#isClosed) await this.#reader.close();
      } catch {
        // The connection is lost again, or the server is not ready yet: those who wait have deadlines of their own.
        await sleep(200);
      }
    }
  }

  #take(message: ConsumeMessage, offset: number): void {
    if (offset > this.#read) {
      this.#read = offset;
      this.#apply(parsed(message.content));
    }
    if (++this.#uncredited >= prefetch / 4) {
      this.#uncredited = 0;
      this.#reader?.credit(message);
    }
    for (const check of this.#progress) check();
  }

  #deepen(name: string, levels: number): void {
    const entry = this.#destinations.get(name);
    if (entry !== undefined) entry.delayLevels = Math.max(entry.delayLevels, levels);
  }

  #apply(record: CatalogueRecord | undefined): void {
    switch (record?.op) {
      case 'create':
        if (!this.#destinations.has(record.entry.name))
          this.#destinations.set(record.entry.name, { ...record.entry, groups: new Set(), positions: new Set(), delayLevels: 0 });
        break;
      case 'delete':
        this.#destinations.delete(record.name);
        break;
      case 'group':
        this.#destinations.get(record.name)?.groups.add(record.group);
        break;
      case 'position':
        this.#destinations.get(record.name)?.positions.add(record.position);
        break;
      case 'delayLevels':
        this.#deepen(record.name, record.levels);
        break;
      case 'deadLetter':
        this.#deadLetters.add(record.name);
        break;
      default:
    }
    if (record !== undefined) this.#awaited.get(record.id)?.();
  }
}

/** A record, `undefined` for what somebody else put into the stream. */
function parsed(content: Buffer): CatalogueRecord | undefined {
  try {
    return JSON.parse(String(content)) as CatalogueRecord;
  } catch {
    return undefined;
  }
}
