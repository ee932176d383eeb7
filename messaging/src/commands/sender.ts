import type { MillraceError } from '@millrace/core';
import type { Binder, Headers, OutboundCommand, OutboundMessage } from '../binder/index.ts';
import type { SendOptions } from '../client.ts';
import { binderError, raise } from '../errors.ts';
import type { Services } from '../runtime/services.ts';
import { Batcher } from './batcher.ts';
import { Deadlines, type Expiring } from './deadlines.ts';
import type { Endpoint, Route } from './endpoint.ts';
import { checkSendOptions } from './features.ts';

const maxBatch = 1000;
const batchesInFlight = 4;
/** Commands accepted and not handed to the binder, per queue: beyond it, callers do not wait for their promises. */
const maxWaiting = 100_000;

/** What a sent command needs beside its payload. */
export interface Addressing {
  readonly id: string;
  readonly headers?: Headers | undefined;
  readonly expiresAt?: number | undefined;
}

/** Sends commands, coalesced into batches per queue. Every send settles within its deadline. */
export class Sender {
  readonly #services: Services;
  readonly #deadlines: Deadlines;
  readonly #queues = new Map<Binder, Map<string, Batcher<PendingSend>>>();

  constructor(services: Services, deadlines: Deadlines) {
    this.#services = services;
    this.#deadlines = deadlines;
  }

  /**
   * Resolves when the command is queued as durably as the binder says. `DEADLINE_EXCEEDED` means that it was not sent,
   * `INDETERMINATE` that nobody knows.
   */
  send<I>(endpoint: Endpoint<I, unknown>, payload: I, options: SendOptions, to: Addressing): Promise<void> {
    checkSendOptions(options, endpoint.can, endpoint.binder.name, endpoint.queue);
    const trace = this.#services.tracing.outgoing();
    const message = endpoint.input.encode(payload, options, trace === undefined ? to.headers : { ...trace, ...to.headers });
    const command = this.#command(message, options, to);
    const queue = this.#queue(endpoint);
    if (queue.waiting >= maxWaiting) throw raise('TOO_MANY_WAITING', { destination: endpoint.queue, limit: maxWaiting });
    const deadlineMs = options.deadlineMs ?? this.#services.defaults.deadlineMs;
    return new Promise((resolve, reject) => {
      queue.add(new PendingSend(command, endpoint.queue, deadlineMs, this.#deadlines, resolve, reject));
    });
  }

  /** Waits until everything that was accepted is settled. */
  async close(): Promise<void> {
    for (const byName of this.#queues.values()) for (const queue of byName.values()) await queue.idle();
  }

  #command(message: OutboundMessage, options: SendOptions, to: Addressing): OutboundCommand {
    const now = this.#services.clock.now();
    const { payload, headers, key, timestamp } = message;
    const notBefore = options.notBefore?.getTime() ?? (options.delayMs === undefined ? undefined : now + options.delayMs);
    const expiresAt = to.expiresAt ?? (options.timeToLiveMs === undefined ? undefined : now + options.timeToLiveMs);
    const { priority, deduplicateMs } = options;
    return { payload, headers, key, timestamp, id: to.id, notBefore, expiresAt, priority, deduplicateMs };
  }

  #queue({ binder, queue }: Route): Batcher<PendingSend> {
    let byName = this.#queues.get(binder);
    if (byName === undefined) this.#queues.set(binder, (byName = new Map()));
    let batcher = byName.get(queue);
    if (batcher === undefined) {
      batcher = new Batcher((batch) => flush(binder, queue, batch), { maxBatch, maxInFlight: batchesInFlight });
      byName.set(queue, batcher);
    }
    return batcher;
  }
}

class PendingSend implements Expiring {
  readonly command: OutboundCommand;
  readonly #queue: string;
  readonly #deadlineMs: number;
  readonly #deadlines: Deadlines;
  readonly #slot: number;
  readonly #resolve: () => void;
  readonly #reject: (error: MillraceError) => void;
  isSettled = false;
  isHandedOver = false;

  constructor(
    command: OutboundCommand,
    queue: string,
    deadlineMs: number,
    deadlines: Deadlines,
    resolve: () => void,
    reject: (error: MillraceError) => void,
  ) {
    this.command = command;
    this.#queue = queue;
    this.#deadlineMs = deadlineMs;
    this.#deadlines = deadlines;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#slot = deadlines.add(this, deadlineMs);
  }

  settle(error: MillraceError | undefined): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#deadlines.remove(this, this.#slot);
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  expired(): void {
    const facts = { operation: `sending '${this.command.id}' to '${this.#queue}'`, deadlineMs: this.#deadlineMs };
    this.settle(raise(this.isHandedOver ? 'SEND_UNKNOWN' : 'DEADLINE', facts));
  }
}

async function flush(binder: Binder, queue: string, batch: readonly PendingSend[]): Promise<void> {
  const open = batch.filter((pending) => !pending.isSettled);
  if (open.length === 0) return;
  for (const pending of open) pending.isHandedOver = true;
  try {
    const outcomes = await binder.queue!.send(
      queue,
      open.map((pending) => pending.command),
    );
    open.forEach((pending, index) => pending.settle(outcomes[index]!.error));
  } catch (error) {
    const failure = binderError(binder, `send to '${queue}'`, error);
    for (const pending of open) pending.settle(failure);
  }
}
