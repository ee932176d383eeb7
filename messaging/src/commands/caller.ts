import type { MillraceError } from '@millrace/core';
import { headerNames, type Binder, type InboundMessage } from '../binder/index.ts';
import type { CallOptions } from '../client.ts';
import { binderError, raise } from '../errors.ts';
import type { Services } from '../runtime/services.ts';
import { expiresAtHeader } from './command-headers.ts';
import type { Deadlines, Expiring } from '../policies/deadlines.ts';
import type { Endpoint, Route } from './endpoint.ts';
import { errorOfReply } from './reply.ts';
import { ReplyStation, type Awaiting } from './reply-station.ts';
import type { Sender } from './sender.ts';

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
  async call<I, O>(endpoint: Endpoint<I, O>, payload: I, options: CallOptions, id: string): Promise<O> {
    const { binder, queue } = endpoint;
    if (!endpoint.can.requestReply) throw raise('OPTION_UNSUPPORTED', { binder: binder.name, option: 'call', destination: queue });
    if (options.signal?.aborted === true) throw raise('CALL_CANCELLED', { command: queue, id }, options.signal.reason);
    const station = this.#station(binder);
    const address = station.address ?? (await station.open());
    const reply = await this.#exchange(endpoint, payload, options, id, station, address);
    return answer(endpoint, reply, id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stations.values()].map((station) => station.close()));
  }

  #station(binder: Binder): ReplyStation {
    let station = this.#stations.get(binder);
    if (station === undefined) this.#stations.set(binder, (station = new ReplyStation(this.#services, binder)));
    return station;
  }

  #exchange<I>(
    endpoint: Endpoint<I, unknown>,
    payload: I,
    options: CallOptions,
    id: string,
    station: ReplyStation,
    address: string,
  ): Promise<InboundMessage> {
    const deadlineMs = options.deadlineMs ?? this.#services.defaults.deadlineMs;
    // Nobody waits longer than the deadline, so nobody should work on it longer.
    const expiresAt = this.#services.clock.now() + Math.min(deadlineMs, options.timeToLiveMs ?? deadlineMs);
    const headers = { [headerNames.replyTo]: address, [headerNames.correlationId]: id, [expiresAtHeader]: expiresAt };
    return new Promise((resolve, reject) => {
      const call = new PendingCall(
        { station, deadlines: this.#deadlines, endpoint, id, deadlineMs, signal: options.signal },
        resolve,
        reject,
      );
      const to = { id, headers, expiresAt: endpoint.can.timeToLive ? expiresAt : undefined };
      this.#sender.send(endpoint, payload, options, to).catch((error: MillraceError) => call.failed(error));
    });
  }
}

interface CallFacts {
  readonly station: ReplyStation;
  readonly deadlines: Deadlines;
  readonly endpoint: Route;
  readonly id: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One call under way: ends with the reply, the deadline, the caller's signal or the loss of the return address. */
class PendingCall implements Awaiting, Expiring {
  readonly #facts: CallFacts;
  readonly #resolve: (reply: InboundMessage) => void;
  readonly #reject: (error: MillraceError) => void;
  readonly #slot: number;
  readonly #onAbort: (() => void) | undefined;

  constructor(facts: CallFacts, resolve: (reply: InboundMessage) => void, reject: (error: MillraceError) => void) {
    this.#facts = facts;
    this.#resolve = resolve;
    this.#reject = reject;
    facts.station.expect(facts.id, this);
    this.#slot = facts.deadlines.add(this, facts.deadlineMs);
    if (facts.signal === undefined) return;
    this.#onAbort = () => this.#aborted();
    facts.signal.addEventListener('abort', this.#onAbort);
  }

  replied(reply: InboundMessage): void {
    this.#end();
    this.#resolve(reply);
  }

  failed(error: MillraceError): void {
    this.#end();
    this.#reject(error);
  }

  expired(): void {
    const { endpoint, id, deadlineMs } = this.#facts;
    this.failed(raise('DEADLINE', { operation: `the call of '${endpoint.queue}'`, deadlineMs, id }));
  }

  #aborted(): void {
    const { endpoint, id, signal } = this.#facts;
    this.failed(raise('CALL_CANCELLED', { command: endpoint.queue, id }, signal!.reason));
    // Best effort: if it has begun, its reply will find nobody waiting.
    if (endpoint.can.cancellation) endpoint.facet.cancel(endpoint.queue, id).catch(() => {});
  }

  #end(): void {
    const { station, deadlines, id, signal } = this.#facts;
    station.forget(id);
    deadlines.remove(this, this.#slot);
    if (this.#onAbort !== undefined) signal?.removeEventListener('abort', this.#onAbort);
  }
}

async function answer<I, O>(endpoint: Endpoint<I, O>, reply: InboundMessage, id: string): Promise<O> {
  const error = errorOfReply(reply);
  if (error !== undefined) throw error;
  if (reply.payload === null) return undefined as O;
  try {
    return (await endpoint.output.decode(reply, id)).payload;
  } catch (problem) {
    throw binderError(endpoint.binder, `read the reply of '${endpoint.queue}'`, problem);
  }
}
