import type { MillraceError } from '@millrace/core';
import { headerNames, type Binder, type InboundMessage, type OutboundCommand } from '../binder/index.ts';
import type { CallOptions } from '../client.ts';
import { raise } from '../errors.ts';
import type { Services } from '../runtime/services.ts';
import { expiresAtHeader } from './command-headers.ts';
import type { Deadlines, Expiring } from '../policies/deadlines.ts';
import type { Endpoint, Route } from './endpoint.ts';
import { errorOfReply } from './reply.ts';
import { ReplyStation, type Awaiting } from './reply-station.ts';
import type { Addressing, Sender, Sending } from './sender.ts';

/** Calls commands: sends them with a return address and waits for the reply. */
export class Caller {
  readonly #services: Services;
  readonly #sender: Sender;
  readonly #deadlines: Deadlines;
  readonly #stations = new Map<Binder, ReplyStation>();

  constructor(services: Services, sender: Sender, deadlines: Deadlines) {
    this.#services = services;
    this.#sender = sender;
    this.#deadlines = deadlines;
  }

  /** Resolves with the handler's answer or rejects with its typed error; `DEADLINE_EXCEEDED` when none came in time. */
  async call<I, O>(endpoint: Endpoint<I, O>, payload: I, options: CallOptions, { id, trace }: Addressing): Promise<O> {
    const { binder, queue } = endpoint;
    if (!endpoint.can.requestReply) throw raise('OPTION_UNSUPPORTED', { binder: binder.name, option: 'call', destination: queue });
    if (options.signal?.aborted === true) throw raise('CALL_CANCELLED', { command: queue, id }, options.signal.reason);
    const station = this.#station(binder);
    const address = station.address ?? (await station.open());
    const deadlineMs = options.deadlineMs ?? this.#services.defaults.deadlineMs;
    // Nobody waits longer than the deadline, so nobody should work on it longer.
    const expiresAt = this.#services.clock.now() + Math.min(deadlineMs, options.timeToLiveMs ?? deadlineMs);
    const headers = { [headerNames.replyTo]: address, [headerNames.correlationId]: id, [expiresAtHeader]: expiresAt };
    const to = { id, trace, headers, expiresAt: endpoint.can.timeToLive ? expiresAt : undefined };
    const command = this.#sender.command(endpoint, payload, options, to);
    return answer(endpoint, await this.#exchange(command, { station, route: endpoint, deadlineMs, signal: options.signal }), id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stations.values()].map((station) => station.close()));
  }

  #station(binder: Binder): ReplyStation {
    let station = this.#stations.get(binder);
    if (station === undefined) this.#stations.set(binder, (station = new ReplyStation(this.#services, binder)));
    return station;
  }

  #exchange(command: OutboundCommand, facts: CallFacts): Promise<InboundMessage> {
    return new Promise((resolve, reject) => {
      const call = new PendingCall(command, facts, this.#deadlines, resolve, reject);
      this.#sender.hand(facts.route, call, facts.deadlineMs)?.catch((error: MillraceError) => call.fail(error));
    });
  }
}

interface CallFacts {
  readonly station: ReplyStation;
  readonly route: Route;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One call under way: ends with the reply, the deadline, the caller's signal or the loss of the return address. */
class PendingCall implements Awaiting, Expiring, Sending {
  readonly item: OutboundCommand;
  readonly #facts: CallFacts;
  readonly #deadlines: Deadlines;
  readonly #resolve: (reply: InboundMessage) => void;
  readonly #reject: (error: MillraceError) => void;
  readonly #slot: number;
  readonly #onAbort: (() => void) | undefined;
  #hasEnded = false;

  constructor(
    item: OutboundCommand,
    facts: CallFacts,
    deadlines: Deadlines,
    resolve: (reply: InboundMessage) => void,
    reject: (error: MillraceError) => void,
  ) {
    this.item = item;
    this.#facts = facts;
    this.#deadlines = deadlines;
    this.#resolve = resolve;
    this.#reject = reject;
    facts.station.expect(item.id, this);
    this.#slot = deadlines.add(this, facts.deadlineMs);
    if (facts.signal === undefined) return;
    this.#onAbort = () => this.#aborted();
    facts.signal.addEventListener('abort', this.#onAbort);
  }

  handOver(): boolean {
    return !this.#hasEnded;
  }

  /** It is queued; what counts is the reply. */
  succeed(): void {}

  replied(reply: InboundMessage): void {
    this.#end();
    this.#resolve(reply);
  }

  fail(error: MillraceError): void {
    this.#end();
    this.#reject(error);
  }

  expired(): void {
    const { route, deadlineMs } = this.#facts;
    this.fail(raise('DEADLINE', { operation: `the call of '${route.queue}'`, deadlineMs, id: this.item.id }));
  }

  #aborted(): void {
    const { id } = this.item;
    const { facet, can, queue } = this.#facts.route;
    this.fail(raise('CALL_CANCELLED', { command: queue, id }, this.#facts.signal!.reason));
    // Best effort: if it has begun, its reply will find nobody waiting.
    if (can.cancellation) facet.cancel(queue, id).catch(() => {});
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { station, signal } = this.#facts;
    station.forget(this.item.id);
    this.#deadlines.remove(this, this.#slot);
    if (this.#onAbort !== undefined) signal?.removeEventListener('abort', this.#onAbort);
  }
}

function answer<I, O>(endpoint: Endpoint<I, O>, reply: InboundMessage, id: string): O | Promise<O> {
  const error = errorOfReply(reply);
  if (error !== undefined) throw error;
  if (reply.payload === null) return undefined as O;
  const decoded = endpoint.output.decode(reply, id);
  return decoded instanceof Promise ? decoded.then(({ payload }) => payload) : decoded.payload;
}
