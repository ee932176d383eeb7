import { messageOf, MillraceError, recode } from '@millrace/core';
import type { Headers, SendOutcome } from '../binder/index.ts';
import type { Published, PublishAllOptions, PublishOptions } from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { raise } from '../errors.ts';
import { isTextual } from '../policies/codec.ts';
import type { Draft } from '../policies/draft.ts';
import { contentTypeOf, MessageCoder } from '../policies/message-coder.ts';
import { checkMs } from '../policies/option-checks.ts';
import type { Services } from '../runtime/services.ts';
import { javaHash, selector } from './java-hash.ts';
import { Outcomes, PendingEvent, PendingEvents, setPartition } from './pending.ts';
import type { Publisher } from './publisher.ts';

/** Calls that may wait for room or for an asynchronous schema. */
const waitingLimit = 10_000;

/** What is sent of many events before it is looked again whether there is room. */
const partMessages = 1000;
const partBytes = 256 * 1024;

/** What goes with a call. */
interface Sending {
  readonly options: PublishOptions | undefined;
  /** Monotonic time. */
  readonly expires: number;
  readonly trace: Headers | undefined;
}

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
    this.#coder = new MessageCoder(stream.name, stream.options, services.codecs, services);
  }

  publish(payload: T, options?: PublishOptions): Promise<Published> {
    const expires = this.#expires(options?.deadlineMs);
    return this.#services.tracing.sending(this.#stream.name, 1, (trace) => this.#publish(payload, { options, expires, trace }));
  }

  publishAll(payloads: readonly T[], { each, deadlineMs }: PublishAllOptions<T> = {}): Promise<readonly Published[]> {
    const expires = this.#expires(deadlineMs);
    return this.#services.tracing.sending(this.#stream.name, payloads.length, (trace) =>
      this.#publishAll(payloads, { options: undefined, expires, trace }, each),
    );
  }

  /** A message with its partition chosen, to be sent by other means than the publisher. */
  async placed(payload: T, options?: PublishOptions): Promise<Draft> {
    const checked = await this.#coder.check(payload);
    const draft = this.#draft(checked, options, this.#services.tracing.outgoing());
    const error = setPartition(draft, this.#selector(checked, draft), await this.#publisher.place());
    if (error !== undefined) throw error;
    return draft;
  }

  #publish(payload: T, sending: Sending): Promise<Published> {
    const checked = this.#coder.check(payload);
    if (!(checked instanceof Promise) && this.#waiting === 0 && !this.#publisher.congested) return this.#enqueue(checked, sending);
    const later = Promise.resolve(checked);
    // Awaited when it is this call's turn; until then a mismatch is not unhandled.
    later.catch(() => {});
    return this.#publishLater(later, sending);
  }

  async #publishAll(payloads: readonly T[], sending: Sending, each: PublishAllOptions<T>['each']): Promise<readonly Published[]> {
    const checks = this.#coder.checkAll(payloads);
    const checked = checks instanceof Promise ? await checks : checks;
    const outcomes = new Outcomes(checked.length);
    for (let next = 0; next < checked.length;) {
      if (this.#publisher.congested) await this.#publisher.room(sending.expires).catch(() => {});
      next = this.#enqueuePart(outcomes, checked, next, sending, each);
    }
    return this.#published(await outcomes.all);
  }

  /** Sends some of the payloads, from `first` on; returns where the next part begins. */
  #enqueuePart(
    outcomes: Outcomes,
    payloads: readonly T[],
    first: number,
    sending: Sending,
    each: PublishAllOptions<T>['each'],
  ): number {
    const destination = this.#stream.name;
    const part = new PendingEvents(outcomes, sending.expires);
    const congested = this.#publisher.congested;
    let index = first;
    for (; index < payloads.length && part.count < partMessages && part.weight < partBytes; index++) {
      try {
        if (congested) throw raise('PUBLISH_DEADLINE', { destination });
        const payload = payloads[index]!;
        const draft = this.#draft(payload, each?.(payload, index), sending.trace);
        part.add(index, draft, this.#selector(payload, draft));
      } catch (error) {
        outcomes.set(index, { error: asError(error, destination) });
      }
    }
    if (part.count > 0) this.#publisher.enqueue(part);
    return index;
  }

  /** In order behind the calls that already wait. */
  async #publishLater(checked: Promise<T>, sending: Sending): Promise<Published> {
    const turn = this.#queueUp();
    let published: Promise<Published>;
    try {
      const payload = await checked;
      await turn.before;
      await this.#publisher.room(sending.expires);
      published = this.#enqueue(payload, sending);
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

  #enqueue(payload: T, { options, expires, trace }: Sending): Promise<Published> {
    const draft = this.#draft(payload, options, trace);
    const chosen = this.#selector(payload, draft);
    return new Promise((resolve, reject) => this.#publisher.enqueue(new PendingEvent(draft, chosen, expires, resolve, reject)));
  }

  /** An encoded message without its partition. */
  #draft(payload: T, options: PublishOptions | undefined, trace: Headers | undefined): Draft {
    const draft = this.#coder.encode(payload, options, trace);
    draft.key ??= payload === null ? undefined : this.#stream.options.key?.(payload);
    draft.partition = options?.partition;
    return draft;
  }

  #expires(deadlineMs = this.#services.defaults.deadlineMs): number {
    checkMs('deadlineMs', deadlineMs, 1);
    return this.#services.clock.monotonic() + deadlineMs;
  }

  #selector(payload: T, draft: Draft): number | undefined {
    const { partitionKey } = this.#stream.options;
    // Without one the key decides, by whose rule depends on the binder.
    if (partitionKey === undefined || payload === null) return undefined;
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
    if (outcomes.every(({ error }) => error === undefined)) return outcomes as readonly Published[];
    const failed = outcomes.flatMap(({ error }, index) => (error === undefined ? [] : [index]));
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

function asError(error: unknown, destination: string): MillraceError {
  return error instanceof MillraceError ? error : raise('KEY_FAILED', { destination, problem: messageOf(error) }, error);
}
