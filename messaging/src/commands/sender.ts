import type { Binder, Headers, OutboundCommand, OutboundMessage } from '../binder/index.ts';
import type { SendOptions, Sent } from '../client.ts';
import { binderError, raise } from '../errors.ts';
import { Batcher } from '../policies/batcher.ts';
import { delay, withDeadline } from '../policies/deadline.ts';
import type { Deadlines } from '../policies/deadlines.ts';
import { Pending, type Limit, type Underway } from '../policies/pending.ts';
import type { Services } from '../runtime/services.ts';
import type { Endpoint, Route } from './endpoint.ts';
import { checkSendOptions } from './features.ts';

/** A command under way to its queue. */
export type Sending = Underway<OutboundCommand, Sent>;

const batching = {
  // Not more, so that a batch is made while the one before is stored: one large batch keeps either side waiting for the other.
  maxBatch: 256,
  maxBytes: 1 << 20,
  maxInFlight: 4,
  weigh: ({ item }: Sending): number => 100 + (item.payload?.length ?? 0),
} as const;

/** What a sent command needs beside its payload. */
export interface Addressing {
  readonly id: string;
  readonly headers?: Headers | undefined;
  /** The trace to continue. */
  readonly trace?: Headers | undefined;
  readonly expiresAt?: number | undefined;
}

interface Queue {
  readonly batcher: Batcher<Sending>;
  /** The limit of sends that name no deadline of their own. */
  readonly limit: Limit;
}

/** Sends commands, coalesced into batches per queue. Every send settles within its deadline. */
export class Sender {
  readonly #services: Services;
  readonly #deadlines: Deadlines;
  readonly #queues = new Map<Binder, Map<string, Queue>>();

  constructor(services: Services, deadlines: Deadlines) {
    this.#services = services;
    this.#deadlines = deadlines;
  }

  /**
   * Resolves when the command is queued as durably as the binder says. `DEADLINE_EXCEEDED` means that it was not sent,
   * `INDETERMINATE` that nobody knows.
   */
  send<I>(endpoint: Endpoint<I, unknown>, payload: I, options: SendOptions, to: Addressing): Promise<Sent> {
    const command = this.command(endpoint, payload, options, to);
    const { batcher, limit } = this.#queue(endpoint);
    const { deadlineMs = limit.deadlineMs } = options;
    const own = deadlineMs === limit.deadlineMs ? limit : { ...limit, deadlineMs };
    const add = (): Promise<Sent> => new Promise((resolve, reject) => batcher.add(new Pending(command, own, resolve, reject)));
    return batcher.hasRoom ? add() : this.#room(batcher, endpoint.queue, deadlineMs).then(add);
  }

  /** Sends for someone who keeps the deadline; `undefined` unless it has to wait for room first. */
  hand(route: Route, sending: Sending, deadlineMs: number): Promise<void> | undefined {
    const { batcher } = this.#queue(route);
    if (!batcher.hasRoom) return this.#room(batcher, route.queue, deadlineMs).then(() => batcher.add(sending));
    batcher.add(sending);
    return undefined;
  }

  /** The command to send, checked against what the binder can do. */
  command<I>(endpoint: Endpoint<I, unknown>, payload: I, options: SendOptions, to: Addressing): OutboundCommand {
    checkSendOptions(options, endpoint.can, endpoint.binder.name, endpoint.queue);
    const { trace, headers } = to;
    const message = endpoint.input.encode(payload, options, trace === undefined ? headers : { ...trace, ...headers });
    return this.#timed(message, options, to);
  }

  /** Waits until everything that was accepted is settled, for as long as closing may take. */
  async close(): Promise<void> {
    const { clock, defaults } = this.#services;
    const over = new AbortController();
    await Promise.race([this.#idle(), delay(clock, defaults.closeDeadlineMs, over.signal)]);
    over.abort();
  }

  async #idle(): Promise<void> {
    for (const queues of this.#queues.values()) for (const { batcher } of queues.values()) await batcher.idle();
  }

  #room(batcher: Batcher<Sending>, queue: string, ms: number): Promise<void> {
    return withDeadline({ clock: this.#services.clock, ms, operation: `waiting to send to '${queue}'` }, () => batcher.room());
  }

  #timed(message: OutboundMessage, options: SendOptions, to: Addressing): OutboundCommand {
    const now = this.#services.clock.now();
    const { payload, headers, key, timestamp } = message;
    const notBefore = options.notBefore?.getTime() ?? (options.delayMs === undefined ? undefined : now + options.delayMs);
    const expiresAt = to.expiresAt ?? (options.timeToLiveMs === undefined ? undefined : now + options.timeToLiveMs);
    const { priority, deduplicateMs } = options;
    return { payload, headers, key, timestamp, id: to.id, notBefore, expiresAt, priority, deduplicateMs };
  }

  #queue({ binder, queue }: Route): Queue {
    let queues = this.#queues.get(binder);
    if (queues === undefined) this.#queues.set(binder, (queues = new Map()));
    let known = queues.get(queue);
    if (known === undefined) queues.set(queue, (known = this.#newQueue(binder, queue)));
    return known;
  }

  #newQueue(binder: Binder, queue: string): Queue {
    const operation = `sending to '${queue}'`;
    const { deadlineMs } = this.#services.defaults;
    const late: Limit['late'] = (sent, ms) => raise(sent ? 'SEND_UNKNOWN' : 'DEADLINE', { operation, deadlineMs: ms });
    const batcher = new Batcher<Sending>((batch) => flush(binder, queue, batch), batching);
    return { batcher, limit: { deadlines: this.#deadlines, deadlineMs, late } };
  }
}

async function flush(binder: Binder, queue: string, batch: readonly Sending[]): Promise<void> {
  const open = batch.filter((pending) => pending.handOver());
  if (open.length === 0) return;
  try {
    const outcomes = await binder.queue!.send(
      queue,
      open.map(({ item }) => item),
    );
    open.forEach((pending, index) => {
      const { error } = outcomes[index]!;
      if (error === undefined) pending.succeed({ id: pending.item.id });
      else pending.fail(error);
    });
  } catch (error) {
    const failure = binderError(binder, `send to '${queue}'`, error);
    for (const pending of open) pending.fail(failure);
  }
}
