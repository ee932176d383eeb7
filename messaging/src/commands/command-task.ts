import type { MillraceError } from '@millrace/core';
import { headerNames, type Headers, type QueueDelivery } from '../binder/index.ts';
import type { CommandContext } from '../client.ts';
import type { Message } from '../message.ts';
import type { Leased } from './lease-keeper.ts';

/** A command in this process's hands: its delivery, its lease and, if the handler asks for one, its abort signal. */
export class CommandTask implements Leased {
  readonly delivery: QueueDelivery;
  leasedAt: number;
  /** Set when the outcome of the handler counts no more: the lease is lost or the subscription gave up waiting. */
  abandoned: MillraceError | undefined;
  /** While it waits for its next try. */
  isResting = false;
  /** On the last command of a batch: when the batch came and how large it was. */
  batch: { readonly size: number; readonly receivedAt: number } | undefined;
  #controller: AbortController | undefined;

  constructor(delivery: QueueDelivery, leasedAt: number) {
    this.delivery = delivery;
    this.leasedAt = leasedAt;
  }

  /** Made on demand: most handlers never look, and a controller for each command would cost more than the rest of it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.abandoned !== undefined) this.#controller.abort(this.abandoned);
    return this.#controller.signal;
  }

  get replyTo(): string | undefined {
    const address = this.delivery.headers[headerNames.replyTo];
    if (typeof address === 'string') return address;
    return address instanceof Uint8Array ? Buffer.from(address).toString() : undefined;
  }

  leaseLost(error: MillraceError): void {
    this.abandon(error);
  }

  abandon(error: MillraceError): void {
    this.abandoned ??= error;
    this.#controller?.abort(error);
  }
}

/** What the handler is told; one per try. */
export class TaskContext implements CommandContext {
  readonly payload: unknown;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly id: string;
  readonly timestamp: number;
  readonly contentType: string;
  readonly attempt: number;
  readonly #task: CommandTask;

  constructor(message: Message, attempt: number, task: CommandTask) {
    this.payload = message.payload;
    this.headers = message.headers;
    this.key = message.key;
    this.id = message.id;
    this.timestamp = message.timestamp;
    this.contentType = message.contentType;
    this.attempt = attempt;
    this.#task = task;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }
}
