import type { Clock } from '@millrace/core';
import { headerNames, type Headers, type OutboundMessage, type ProducerBinding, type SendOutcome } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import type { DeadLetter } from './dead-letters.ts';
import { delay } from './deadline.ts';
import { withoutFailure } from './failure-headers.ts';
import type { ParkedMessage, RedriveOptions } from './parked.ts';
import { placeOf } from './parked-form.ts';

/** Sends parked messages back to where they came from, at most so many per second, each removed once its sending is settled. */
export class Redriver {
  readonly #clock: Clock;
  readonly #options: RedriveOptions;
  readonly #producers = new Map<string, Promise<ProducerBinding>>();
  readonly #started: number;
  #redriven = 0;

  constructor(clock: Clock, options: RedriveOptions) {
    const { ratePerSecond } = options;
    if (ratePerSecond !== undefined && !(ratePerSecond > 0)) {
      throw raise('INVALID_OPTION', { option: 'ratePerSecond', value: ratePerSecond, rule: 'a number greater than 0' });
    }
    this.#clock = clock;
    this.#options = options;
    this.#started = clock.monotonic();
  }

  get redriven(): number {
    return this.#redriven;
  }

  get stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** Re-drives messages of one dead-letter destination, in order; ends early when the signal is aborted. */
  async redrive(deadLetter: DeadLetter, messages: readonly ParkedMessage[]): Promise<void> {
    const { ratePerSecond } = this.#options;
    const step = ratePerSecond === undefined ? messages.length : Math.max(1, Math.floor(ratePerSecond / 10));
    for (let index = 0; index < messages.length; index += step) {
      await this.#pace();
      if (this.stopped) return;
      await this.#redriveSome(deadLetter, messages.slice(index, index + step));
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#producers.values()].map(async (producer) => (await producer).close()));
  }

  /** Waits until the next ones are due. */
  async #pace(): Promise<void> {
    const { ratePerSecond, signal } = this.#options;
    if (ratePerSecond === undefined) return;
    const due = this.#started + (this.#redriven / ratePerSecond) * 1000;
    const wait = due - this.#clock.monotonic();
    if (wait > 0) await delay(this.#clock, wait, signal);
  }

  /** Sends, then removes: a crash in between leaves messages that are sent again under the same re-drive id. */
  async #redriveSome(deadLetter: DeadLetter, messages: readonly ParkedMessage[]): Promise<void> {
    const outcomes = await Promise.all(messages.map((message) => this.#send(deadLetter, message)));
    const sent = messages.filter((_, index) => outcomes[index]!.error === undefined);
    await deadLetter.parking.remove(
      deadLetter.name,
      sent.map(({ id }) => placeOf(id).position),
    );
    this.#redriven += sent.length;
    this.#options.onProgress?.(this.#redriven);
    for (const { error } of outcomes) if (error !== undefined) throw error;
  }

  async #send(deadLetter: DeadLetter, message: ParkedMessage): Promise<SendOutcome> {
    const { binder } = deadLetter;
    if (message.destination === '') throw raise('ORIGIN_UNKNOWN', { id: message.id, deadLetter: deadLetter.name });
    if (message.kind === 'change')
      throw raise('CHANGE_REDRIVEN', { id: message.id, region: message.destination, key: message.key });
    try {
      return message.kind === 'command' ? await this.#sendCommand(deadLetter, message) : await this.#sendEvent(deadLetter, message);
    } catch (error) {
      throw binderError(binder, `re-drive to '${message.destination}'`, error);
    }
  }

  async #sendEvent(deadLetter: DeadLetter, message: ParkedMessage): Promise<SendOutcome> {
    const producer = await this.#producer(deadLetter, message.destination);
    const { partition } = message.origin;
    const same = partition !== undefined && partition < producer.partitions ? partition : undefined;
    const [outcome] = await producer.send([{ ...outbound(message), partition: same }]);
    return outcome!;
  }

  async #sendCommand({ binder, name }: DeadLetter, message: ParkedMessage): Promise<SendOutcome> {
    const { queue } = binder;
    if (queue === undefined)
      throw raise('FACET_MISSING', { binder: binder.name, facet: 'queue', operation: 're-drive', destination: name });
    const [outcome] = await queue.send(message.destination, [{ ...outbound(message), id: message.id, ...deduplication(binder) }]);
    return outcome!;
  }

  #producer({ binder, binderName }: DeadLetter, destination: string): Promise<ProducerBinding> {
    const id = `${binderName}~${destination}`;
    const known = this.#producers.get(id) ?? binder.bindProducer(destination);
    this.#producers.set(id, known);
    known.catch(() => this.#producers.delete(id));
    return known;
  }
}

/** How long a command that was re-driven twice is recognised by its queue. */
const deduplicateMs = 24 * 3600 * 1000;

function deduplication(binder: DeadLetter['binder']) {
  const { queue } = binder.capabilities;
  return queue !== false && queue.deduplication ? { deduplicateMs } : {};
}

/** The message as it was, addressed to the group that parked it, under an id that stays the same if it has to be sent again. */
function outbound(message: ParkedMessage): OutboundMessage {
  const headers: Headers = {
    ...withoutFailure(message.headers),
    [headerNames.id]: idOf(message),
    [headerNames.redriveDestination]: message.destination,
    [headerNames.redriveGroup]: message.group,
    [headerNames.redriveId]: message.id,
  };
  return { payload: message.payload, headers, key: message.key };
}

/** Its id before it was parked, so that handlers that know it recognise it. */
function idOf({ headers, destination, origin, id }: ParkedMessage): string {
  const given = headers[headerNames.id];
  if (typeof given === 'string') return given;
  return origin.partition === undefined || origin.offset === undefined ? id : `${destination}/${origin.partition}/${origin.offset}`;
}
