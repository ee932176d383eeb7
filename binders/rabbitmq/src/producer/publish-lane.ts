import { randomBytes } from 'node:crypto';
import type { MillraceError } from '@millrace/core';
import type { ConfirmChannel, Message } from 'amqplib';
import { isConnectionFault } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import { problemOf } from '../client/translate.ts';
import { raise } from '../errors.ts';
import type { EncodedMessage } from '../messages/encode.ts';
import { generatedId } from '../messages/properties.ts';

export interface PublishSettings {
  readonly deliveryTimeoutMs: number;
  readonly maxUnconfirmed: number;
  readonly maxMessageBytes: number;
}

/** Where a message goes; `destination` is for error messages. */
export interface Target {
  readonly exchange: string;
  readonly routingKey: string;
  readonly destination: string;
  /** Those of one lane keep their order and wait for each other (default: the destination). */
  readonly lane?: string | undefined;
}

/** A message until it is settled. */
interface Entry {
  readonly target: Target;
  readonly message: EncodedMessage;
  readonly id: string;
  readonly deadline: number;
  /** Its place among all that were given. */
  readonly order: number;
  readonly settle: (error: MillraceError | undefined) => void;
  /** Bytes may have left this process: what happened is not known until the server says it. */
  wasSent: boolean;
  isReturned: boolean;
  /** The server said at the last attempt that a queue did not take it. */
  isRefused: boolean;
  isSettled: boolean;
}

/** Bytes that may wait in this process and on the wire. */
const maxUnconfirmedBytes = 64 << 20;

/** Pauses after refusals, doubled from the first to the longest while nothing is confirmed. */
const firstPauseMs = 100;
const longestPauseMs = 2000;

/**
 * Publishes with confirms on one channel. What was not confirmed when the connection was lost is sent again under the same message id, in
 * the same order and before anything newer, until its deadline; a message that may have arrived then settles as `INDETERMINATE`. While
 * the server blocks the connection nothing more is sent.
 *
 * What a queue refuses is sent again in the same way after a pause, so that a full queue holds up who writes. That happens on a new
 * channel: one that was opened while a quorum queue looked for a leader may ask a node that is gone for ever
 * (rabbit_fifo_client of RabbitMQ 3.10 registers with the leader it knew first).
 */
export class PublishLane {
  readonly #link: Link;
  readonly #settings: PublishSettings;
  readonly #idPrefix = `${generatedId}${randomBytes(6).toString('base64url')}.`;
  readonly #returns = new Map<string, Entry[]>();
  #waiting: Entry[] = [];
  #unconfirmed = new Set<Entry>();
  #unconfirmedBytes = 0;
  #channel: ConfirmChannel | undefined;
  #isOpening = false;
  #isFull = false;
  #count = 0;
  /** While a pause after a refusal lasts. */
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #timer: NodeJS.Timeout | undefined;
  readonly #idle: (() => void)[] = [];

  constructor(link: Link, settings: PublishSettings) {
    this.#link = link;
    this.#settings = settings;
    link.on('down', (error) => this.#channelLost(error));
    link.on('up', () => this.#pump());
    link.on('unblocked', () => this.#pump());
  }

  /** Resolves when the server has the message, with why not otherwise. Messages of one call order keep that order. */
  publish(target: Target, message: EncodedMessage): Promise<MillraceError | undefined> {
    const order = this.#count++;
    const id = (message.options.messageId ??= this.#idPrefix + order.toString(36));
    return new Promise((settle) => {
      const deadline = performance.now() + this.#settings.deliveryTimeoutMs;
      const state = { wasSent: false, isReturned: false, isRefused: false, isSettled: false };
      this.#waiting.push({ target, message, id, deadline, order, settle, ...state });
      this.#watchDeadlines();
      this.#pump();
    });
  }

  /** Resolves when everything given until now is settled. */
  async settled(): Promise<void> {
    while (this.#waiting.length + this.#unconfirmed.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    if (this.#waiting.length === 0 || this.#link.model === undefined) return;
    if (this.#channel === undefined) {
      if (!this.#isOpening) void this.#open();
      return;
    }
    let sent = 0;
    while (sent < this.#waiting.length && this.#hasRoom()) this.#send(this.#waiting[sent++]!);
    if (sent > 0) this.#waiting = this.#waiting.slice(sent);
  }

  #hasRoom(): boolean {
    return (
      this.#channel !== undefined &&
      this.#pause === undefined &&
      !this.#isFull &&
      this.#link.blockedBecause === undefined &&
      this.#unconfirmed.size < this.#settings.maxUnconfirmed &&
      this.#unconfirmedBytes < maxUnconfirmedBytes
    );
  }

  async #open(): Promise<void> {
    const { model } = this.#link;
    this.#isOpening = true;
    try {
      const channel = await model!.createConfirmChannel();
      if (this.#link.model !== model) return;
      channel.on('error', () => undefined);
      let problem: unknown;
      channel.on('error', (error) => (problem = error));
      channel.on('close', () => this.#channel === channel && this.#channelLost(problem));
      channel.on('return', (message) => this.#returned(message));
      channel.on('drain', () => {
        this.#isFull = false;
        this.#pump();
      });
      this.#isFull = false;
      this.#channel = channel;
    } catch (error) {
      if (!isConnectionFault(error)) this.#failFirst(error);
    } finally {
      this.#isOpening = false;
    }
    // Not from within the channel's own events.
    setImmediate(() => this.#pump());
  }

  #send(entry: Entry): void {
    const { target, message } = entry;
    if (entry.isSettled) return;
    const channel = this.#channel!;
    try {
      const goesOn = channel.publish(target.exchange, target.routingKey, message.content, message.options, (error: unknown) =>
        this.#confirmed(entry, channel, error),
      );
      if (!goesOn) this.#isFull = true;
      entry.wasSent = true;
      entry.isReturned = false;
      entry.isRefused = false;
      this.#unconfirmed.add(entry);
      this.#unconfirmedBytes += message.content.length;
      this.#expectReturn(entry);
    } catch (error) {
      // A channel that ends throws here before it says so; the entry then waits for the next.
      if (isConnectionFault(error)) this.#channelLost(error, entry);
      else this.#settle(entry, raise('MESSAGE_INVALID', { destination: target.destination, problem: problemOf(error) }, error));
    }
  }

  #confirmed(entry: Entry, channel: ConfirmChannel, error: unknown): void {
    // What ends with its channel is sent again.
    if (this.#channel !== channel || !this.#unconfirmed.has(entry)) return;
    const { destination, routingKey } = entry.target;
    if (error === null || error === undefined) {
      if (this.#pause === undefined) this.#pauseMs = firstPauseMs;
      this.#settle(entry, entry.isReturned ? raise('UNROUTABLE', { destination, routingKey }) : undefined);
    } else if (problemOf(error) === 'message nacked') this.#refused(entry);
    else return;
    this.#pump();
  }

  /** Takes it back, to be sent again on a new channel. */
  #refused(entry: Entry): void {
    this.#unconfirmed.delete(entry);
    this.#unconfirmedBytes -= entry.message.content.length;
    entry.isRefused = true;
    const behind = this.#waiting.findIndex(({ order }) => order > entry.order);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, entry);
    this.#pause ??= setTimeout(() => this.#renew(), this.#pauseMs);
  }

  #renew(): void {
    this.#pause = undefined;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
    const channel = this.#channel;
    // Without one, a new one is under way.
    if (channel === undefined) return;
    this.#channelLost(undefined);
    void channel.close().catch(() => undefined);
  }

  #returned(message: Message): void {
    const entry = this.#returns.get(message.properties.messageId as string)?.find((each) => {
      const { exchange, routingKey } = each.target;
      return !each.isReturned && exchange === message.fields.exchange && routingKey === message.fields.routingKey;
    });
    if (entry !== undefined) entry.isReturned = true;
  }

  #expectReturn(entry: Entry): void {
    const same = this.#returns.get(entry.id);
    if (same === undefined) this.#returns.set(entry.id, [entry]);
    else if (!same.includes(entry)) same.push(entry);
  }

  /** All that was not confirmed goes before what waits, in the order in which it was sent. */
  #channelLost(problem: unknown, current?: Entry): void {
    this.#channel = undefined;
    const again = [...this.#unconfirmed].filter((entry) => !entry.isSettled);
    this.#unconfirmed = new Set();
    this.#unconfirmedBytes = 0;
    this.#returns.clear();
    if (current !== undefined) again.push(current);
    const others = this.#waiting.filter((entry) => entry !== current);
    this.#waiting = [...again, ...others].toSorted((a, b) => a.order - b.order);
    // An error of the channel itself is the fault of what was sent on it; the server says no more than what kind.
    if (problem !== undefined && !isConnectionFault(problem)) this.#failFirst(problem);
    setImmediate(() => this.#pump());
  }

  /** The server ended the channel because of a message: that is the oldest unconfirmed one to an exchange or with a property it names. */
  #failFirst(problem: unknown): void {
    const first = this.#waiting.find((entry) => entry.wasSent) ?? this.#waiting[0];
    if (first === undefined) return;
    this.#waiting = this.#waiting.filter((entry) => entry !== first);
    const { destination } = first.target;
    const text = problemOf(problem);
    const { length: size } = first.message.content;
    if (/configured max size/.test(text))
      this.#settle(first, raise('MESSAGE_TOO_LARGE', { size, limit: Number(/max size (\d+)/.exec(text)?.[1] ?? 0) }, problem));
    else if (/NOT_FOUND - no exchange/.test(text)) this.#settle(first, raise('DESTINATION_GONE', { destination }, problem));
    else if (/ACCESS_REFUSED/.test(text))
      this.#settle(first, raise('DENIED', { what: `send to '${destination}'`, problem: text }, problem));
    else this.#settle(first, raise('MESSAGE_INVALID', { destination, problem: text }, problem));
  }

  #settle(entry: Entry, error: MillraceError | undefined): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    if (this.#unconfirmed.delete(entry)) this.#unconfirmedBytes -= entry.message.content.length;
    const same = this.#returns.get(entry.id);
    if (same !== undefined && same.length > 1) same.splice(same.indexOf(entry), 1);
    else this.#returns.delete(entry.id);
    entry.settle(error);
    if (this.#waiting.length + this.#unconfirmed.size === 0) this.#becameIdle();
  }

  #becameIdle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Deadlines are those of calls in turn, so that the first that is due is looked for now and then only. */
  #watchDeadlines(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#expire(performance.now());
        if (this.#waiting.length + this.#unconfirmed.size > 0) this.#watchDeadlines();
      },
      Math.min(250, this.#settings.deliveryTimeoutMs),
    );
  }

  #expire(now: number): void {
    const due = [...this.#unconfirmed, ...this.#waiting].filter((entry) => entry.deadline <= now);
    if (due.length === 0) return;
    const gone = new Set(due);
    this.#waiting = this.#waiting.filter((entry) => !gone.has(entry));
    const problem =
      this.#link.model === undefined || this.#link.blockedBecause !== undefined ? this.#link.lastProblem : 'no confirm came';
    for (const entry of due) {
      const fields = { destination: entry.target.destination, waitedMs: this.#settings.deliveryTimeoutMs, problem };
      this.#settle(entry, raise(entry.isRefused ? 'QUEUE_REFUSED' : entry.wasSent ? 'SEND_UNKNOWN' : 'SEND_EXPIRED', fields));
    }
  }
}
