import { messageOf, type MillraceError } from '@millrace/core';
import { headerNames, type Binder, type InboundMessage, type ReplySource } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import type { Services } from '../runtime/services.ts';

const maxBatch = 1000;

/** Someone who waits for one reply. */
export interface Awaiting {
  replied(reply: InboundMessage): void;
  fail(error: MillraceError): void;
}

/**
 * This process's return address on one binder: opened at the first call, shared by all, opened anew when it dies. Replies that
 * nobody waits for any more are counted and dropped.
 */
export class ReplyStation {
  readonly #services: Services;
  readonly #binder: Binder;
  readonly #awaiting = new Map<string, Awaiting>();
  #opening: Promise<ReplySource> | undefined;
  #source: ReplySource | undefined;
  #closed = false;

  constructor(services: Services, binder: Binder) {
    this.#services = services;
    this.#binder = binder;
  }

  /** The return address if the station is open: the way that costs no promise. */
  get address(): string | undefined {
    return this.#source?.address;
  }

  async open(): Promise<string> {
    this.#opening ??= this.#open();
    return (await this.#opening).address;
  }

  /** Expects a reply with this correlation id. */
  expect(correlationId: string, awaiting: Awaiting): void {
    this.#awaiting.set(correlationId, awaiting);
  }

  forget(correlationId: string): void {
    this.#awaiting.delete(correlationId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(raise('REPLY_UNKNOWN', { binder: this.#binder.name, problem: 'the runtime was closed' }));
    const source = await this.#opening?.catch(() => undefined);
    await source?.close();
  }

  async #open(): Promise<ReplySource> {
    try {
      const source = await this.#binder.queue!.openReplies();
      this.#source = source;
      void this.#listen(source);
      return source;
    } catch (error) {
      this.#opening = undefined;
      throw binderError(this.#binder, 'open a return address', error);
    }
  }

  async #listen(source: ReplySource): Promise<void> {
    try {
      for (let replies = await source.receive(maxBatch); replies.length > 0; replies = await source.receive(maxBatch))
        for (const reply of replies) this.#deliver(reply);
      if (!this.#closed) this.#died('it was closed');
    } catch (error) {
      this.#died(messageOf(error));
      await source.close();
    }
  }

  #deliver(reply: InboundMessage): void {
    const id = correlationText(reply.headers[headerNames.correlationId]);
    const awaiting = id === undefined ? undefined : this.#awaiting.get(id);
    if (awaiting === undefined) this.#late().inc();
    else awaiting.replied(reply);
  }

  /** Replies to this address are lost from now on, so nobody may wait for one; the next call opens a new one. */
  #died(problem: string): void {
    this.#opening = undefined;
    this.#source = undefined;
    if (this.#closed) return;
    this.#services.log('warn', `the return address on binder '${this.#binder.name}' died: ${problem}`);
    this.#failAll(raise('REPLY_UNKNOWN', { binder: this.#binder.name, problem }));
  }

  #failAll(error: MillraceError): void {
    const waiting = [...this.#awaiting.values()];
    this.#awaiting.clear();
    for (const awaiting of waiting) awaiting.fail(error);
  }

  #late() {
    return this.#services.metrics.counter('millrace_late_replies_total', 'Replies that came when nobody waited any more.', {
      binder: this.#binder.name,
    });
  }
}

function correlationText(id: unknown): string | undefined {
  if (typeof id === 'string') return id;
  return id instanceof Uint8Array ? Buffer.from(id).toString() : undefined;
}
