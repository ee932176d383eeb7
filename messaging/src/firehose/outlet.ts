import { messageOf, MillraceError } from '@millrace/core';
import type { SendOutcome } from '../binder/index.ts';
import type { Published, PublishAllOptions, PublishOptions } from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { raise, recode } from '../errors.ts';
import { isTextual } from '../policies/codec.ts';
import { contentTypeOf, MessageCoder, type Draft } from '../policies/message-coder.ts';
import type { Services } from '../runtime/services.ts';
import { javaHash, selector } from './java-hash.ts';
import type { Pending, Publisher } from './publisher.ts';

/** Calls that may wait for room or for an asynchronous schema. */
const waitingLimit = 10_000;

/** Turns payloads of one event stream into messages and hands them to the publisher of its destination. */
export class Outlet<T> {
  readonly #stream: EventStream<T>;
  readonly #publisher: Publisher;
  readonly #services: Services;
  readonly #coder: MessageCoder<T>;
  #waiting = 0;
  #tail: Promise<void> = Promise.resolve();
  #warned = false;

  constructor(stream: EventStream<T>, publisher: Publisher, services: Services) {
    this.#stream = stream;
    this.#publisher = publisher;
    this.#services = services;
    this.#coder = new MessageCoder(stream.name, stream.options, services.codecs);
  }

  publish(payload: T, options?: PublishOptions): Promise<Published> {
    const checked = this.#coder.check(payload);
    const expires = this.#expires(options?.deadlineMs);
    if (checked instanceof Promise || this.#waiting > 0 || this.#publisher.congested)
      return this.#publishLater(checked, expires, options);
    return this.#enqueue(checked, expires, options);
  }

  async publishAll(payloads: readonly T[], options: PublishAllOptions<T> = {}): Promise<readonly Published[]> {
    const checked = await Promise.all(payloads.map((payload) => this.#coder.check(payload)));
    const expires = this.#expires(options.deadlineMs);
    const many = new Many(payloads.length);
    for (const [index, payload] of checked.entries()) {
      if (this.#publisher.congested) await this.#publisher.room(expires).catch(() => {});
      this.#add(many, index, payload, expires, options);
    }
    return this.#published(await many.outcomes);
  }

  /** An encoded message without its partition, for transactions too. */
  draft(payload: T, options?: PublishOptions): Draft {
    const draft = this.#coder.encode(payload, options, this.#services.tracing.outgoing());
    draft.key ??= payload === null ? undefined : this.#stream.options.key?.(payload);
    draft.partition = options?.partition;
    return draft;
  }

  /** A message with its partition chosen, to be sent by other means than the publisher. */
  async placed(payload: T, options?: PublishOptions): Promise<Draft> {
    const checked = await this.#coder.check(payload);
    const draft = this.draft(checked, options);
    const chosen = this.#selector(checked, draft);
    if (draft.partition === undefined && chosen !== undefined) draft.partition = chosen % (await this.#publisher.partitions());
    return draft;
  }

  #add(many: Many, index: number, payload: T, expires: number, options: PublishAllOptions<T>): void {
    const destination = this.#stream.name;
    try {
      if (this.#publisher.congested) throw raise('PUBLISH_DEADLINE', { destination });
      const draft = this.draft(payload, options.each?.(payload, index));
      this.#publisher.enqueue(many.item(index, draft, this.#selector(payload, draft), expires));
    } catch (error) {
      many.settle(index, { error: asError(error, destination) });
    }
  }

  /** In order behind the calls that already wait. */
  async #publishLater(checked: T | Promise<T>, expires: number, options?: PublishOptions): Promise<Published> {
    const turn = this.#queueUp();
    let published: Promise<Published>;
    try {
      const payload = await checked;
      await turn.before;
      await this.#publisher.room(expires);
      published = this.#enqueue(payload, expires, options);
    } finally {
      turn.leave();
    }
    return published;
  }

  #queueUp(): { readonly before: Promise<void>; readonly leave: () => void } {
    if (this.#waiting >= waitingLimit) throw raise('PUBLISH_CROWDED', { destination: this.#stream.name, waiting: this.#waiting });
    this.#waiting++;
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise.then(() => before);
    const leave = () => {
      this.#waiting--;
      resolve();
    };
    return { before, leave };
  }

  #enqueue(payload: T, expires: number, options?: PublishOptions): Promise<Published> {
    const draft = this.draft(payload, options);
    const chosen = this.#selector(payload, draft);
    return new Promise((resolve, reject) => {
      const settle = (outcome: SendOutcome) =>
        outcome.error === undefined ? resolve(outcome as Published) : reject(outcome.error);
      this.#publisher.enqueue({ draft, selector: chosen, expires, settled: false, settle });
    });
  }

  #expires(deadlineMs = this.#services.defaults.deadlineMs): number {
    return this.#services.clock.monotonic() + deadlineMs;
  }

  #selector(payload: T, draft: Draft): number | undefined {
    const { partitionKey } = this.#stream.options;
    if (partitionKey === undefined || payload === null) return draft.key === undefined ? undefined : selector(javaHash(draft.key));
    const key = partitionKey(payload);
    if (key === undefined || key === null) throw raise('PARTITION_KEY_MISSING', { destination: this.#stream.name });
    return selector(javaHash(key, this.#textual(key, draft)));
  }

  /** Whether a key of bytes is text; if not, Java would spread at random and we say once that we do not. */
  #textual(key: unknown, draft: Draft): boolean {
    if (!(key instanceof Uint8Array) || isTextual(contentTypeOf(draft.headers) ?? '')) return true;
    const text = `the partition key of '${this.#stream.name}' is binary; partitions are chosen by its content, which Spring applications do not do`;
    if (!this.#warned) this.#services.log('warn', text);
    this.#warned = true;
    return false;
  }

  #published(outcomes: readonly SendOutcome[]): readonly Published[] {
    const failed = outcomes.flatMap(({ error }, index) => (error === undefined ? [] : [index]));
    if (failed.length === 0) return outcomes as readonly Published[];
    const first = outcomes[failed[0]!]!.error!;
    const details = {
      destination: this.#stream.name,
      count: failed.length,
      total: outcomes.length,
      problem: first.message,
      failed,
      outcomes,
    };
    throw recode(raise('PUBLISH_INCOMPLETE', details, first), first.code);
  }
}

/** The events of one `publishAll`. */
class Many {
  readonly outcomes: Promise<readonly SendOutcome[]>;
  readonly #outcomes: SendOutcome[];
  #open: number;
  #resolve!: (outcomes: readonly SendOutcome[]) => void;

  constructor(count: number) {
    this.#outcomes = Array.from<SendOutcome>({ length: count });
    this.#open = count;
    this.outcomes = new Promise((resolve) => (this.#resolve = resolve));
    if (count === 0) this.#resolve([]);
  }

  item(index: number, draft: Draft, chosen: number | undefined, expires: number): Pending {
    return { draft, selector: chosen, expires, settled: false, settle: (outcome) => this.settle(index, outcome) };
  }

  settle(index: number, outcome: SendOutcome): void {
    this.#outcomes[index] = outcome;
    if (--this.#open === 0) this.#resolve(this.#outcomes);
  }
}

function asError(error: unknown, destination: string): MillraceError {
  return error instanceof MillraceError ? error : raise('KEY_FAILED', { destination, problem: messageOf(error) }, error);
}
