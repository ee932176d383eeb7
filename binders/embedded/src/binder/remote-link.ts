import { errorFromJSON, MillraceError } from '@millrace/core';
import type { Clock, ErrorJSON, Timer } from '@millrace/core';
import type { BinderListener } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { encodeFrame, FrameDecoder, frameType } from '../wire/frame.ts';
import type { Frame } from '../wire/frame.ts';
import { protocolVersion, sequencedOperations } from '../wire/protocol.ts';
import type { Answered, Ask, OperationName } from '../wire/protocol.ts';
import { newId } from './client.ts';
import type { Connection, Connector } from './connector.ts';
import { Heartbeat } from './heartbeat.ts';
import type { CallOptions, Link, Renewal } from './link.ts';
import { Sequencer } from './sequencer.ts';

interface Pending {
  readonly frame: readonly Uint8Array[];
  readonly sequence: number | undefined;
  /** Belongs to the present connection and ends with it. */
  readonly urgent: boolean;
  readonly resolve: (answered: Answered<OperationName>) => void;
  readonly reject: (error: unknown) => void;
}

/** How long calls wait for a lost broker, in milliseconds. */
const patienceMs = 10_000;
const retryMs = 25;
/** How long a broker may take to answer what has to be done at once. */
const urgentMs = 3000;

/**
 * Calls a broker over a channel. When the connection is lost it finds or becomes the next broker, attaches again what was attached
 * and repeats what was not answered; what must not be done twice is recognised there. Calls fail only when that takes too long.
 */
export class RemoteLink implements Link {
  readonly #connector: Connector;
  readonly #clock: Clock;
  readonly #listener: BinderListener;
  readonly #producer = newId();
  readonly #sequencer = new Sequencer();
  readonly #pending = new Map<number, Pending>();
  readonly #renewals = new Set<Renewal>();
  #connection: Connection | undefined;
  #heartbeat: Heartbeat | undefined;
  #state: 'connecting' | 'connected' | 'lost' | 'closed' = 'connecting';
  #patience: Timer | undefined;
  #lastId = 0;

  constructor(connector: Connector, clock: Clock, listener: BinderListener) {
    this.#connector = connector;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Connects for the first time. */
  async open(): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        await this.#connect(false);
        break;
      } catch (error) {
        // Who held the directory may end between taking the connection and answering; somebody else holds it next.
        if (!isBroken(error) || performance.now() > deadline) throw error;
        await this.#delay(retryMs);
      }
    }
    this.#state = 'connected';
  }

  call<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body?: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<Answered<Name>> {
    if (this.#state === 'closed') return Promise.reject(raise('BINDER_CLOSED', {}));
    if (this.#state === 'lost') return Promise.reject(this.#lostError());
    if (!sequencedOperations.has(name)) return this.#begin(name, ask, body, options);
    return this.#sequencer.begin((sequence) => this.#begin(name, ask, body, options, sequence));
  }

  onRenewed(renewal: Renewal): () => void {
    this.#renewals.add(renewal);
    return () => this.#renewals.delete(renewal);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const goodbye = this.#state === 'connected' ? this.#urgently('bye', {}) : undefined;
    this.#state = 'closed';
    this.#patience?.cancel();
    // A broker that does not answer any more has nothing left to be told.
    await goodbye?.catch(() => undefined);
    this.#heartbeat?.stop();
    this.#failPending(() => raise('BINDER_CLOSED', {}));
    await this.#connection?.release();
  }

  #begin<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body: readonly Uint8Array[] | undefined,
    { signal }: CallOptions = {},
    sequence?: number,
    urgent = false,
  ): Promise<Answered<Name>> {
    if (signal?.aborted === true) {
      if (sequence !== undefined) this.#sequencer.settled(sequence);
      return Promise.reject(raise('CANCELLED', {}, signal.reason));
    }
    const id = this.#newId();
    return new Promise((resolve, reject) => {
      // What this throws rejects the promise.
      const frame = this.#encode(id, [name, ask, sequence], body, sequence);
      const abort = (): void => this.#cancel(id);
      signal?.addEventListener('abort', abort, { once: true });
      const settled = (): void => {
        signal?.removeEventListener('abort', abort);
        if (sequence !== undefined) this.#sequencer.settled(sequence);
      };
      this.#pending.set(id, {
        frame,
        sequence,
        urgent,
        resolve: (answered) => {
          settled();
          resolve(answered as Answered<Name>);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      if (this.#state === 'connected' || urgent) this.#connection?.channel.write(frame);
    });
  }

  /** Numbers begin anew after 32 bits; one that is still waiting keeps its own. */
  #newId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #encode(id: number, meta: unknown, body: readonly Uint8Array[] | undefined, sequence: number | undefined): Uint8Array[] {
    try {
      return encodeFrame(frameType.request, id, meta, body);
    } catch (error) {
      if (sequence !== undefined) this.#sequencer.settled(sequence);
      throw error;
    }
  }

  /** The caller gave up. Whether it happens all the same is not known. */
  #cancel(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#connection?.channel.write(encodeFrame(frameType.cancel, id, undefined));
    pending.reject(raise('CANCELLED', {}));
  }

  async #connect(again: boolean): Promise<void> {
    const connection = await this.#connector.connect(again);
    if (this.#state === 'closed') return connection.release();
    this.#connection = connection;
    const decoder = new FrameDecoder();
    connection.channel.listen({
      data: (bytes) => this.#data(connection, decoder, bytes),
      closed: () => this.#lost(connection),
    });
    this.#heartbeat = new Heartbeat(this.#clock, connection.channel, () => this.#urgently('ping', {}));
    try {
      await this.#urgently('hello', { version: protocolVersion, producer: this.#producer });
    } catch (error) {
      this.#connection = undefined;
      this.#heartbeat.stop();
      await connection.release();
      throw error;
    }
  }

  /** A call that does not wait for the connection to be ready, nor survives it. */
  async #urgently<Name extends OperationName>(name: Name, ask: Ask<Name>, body?: readonly Uint8Array[]): Promise<Answered<Name>> {
    const connection = this.#connection;
    const timer = setTimeout(() => connection?.channel.close(), urgentMs);
    try {
      return await this.#begin(name, ask, body, {}, undefined, true);
    } finally {
      clearTimeout(timer);
    }
  }

  #data(connection: Connection, decoder: FrameDecoder, bytes: Uint8Array): void {
    this.#heartbeat?.heard();
    try {
      for (const frame of decoder.push(bytes)) this.#frame(frame);
    } catch {
      // Nothing that follows can be understood; what is open is asked again on a new connection.
      connection.channel.close();
    }
  }

  #frame({ type, id, meta, body }: Frame): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (type === frameType.answer) pending.resolve({ meta: meta as Answered<OperationName>['meta'], body });
    else pending.reject(errorFromJSON(meta as ErrorJSON));
  }

  #lost(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#heartbeat?.stop();
    this.#dropUrgent();
    if (this.#state !== 'connected') return;
    this.#state = 'connecting';
    this.#listener.disconnected?.(this.#brokenError());
    this.#patience = this.#clock.after(patienceMs, () => {
      this.#state = 'lost';
      this.#failPending((pending) => this.#lostError(pending));
    });
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    while (this.#state === 'connecting' || this.#state === 'lost') {
      try {
        await this.#connect(true);
        await this.#renew();
        return;
      } catch {
        // Whatever it was, patience decides: the calls that wait fail with it.
        this.#connection?.channel.close();
        this.#connection = undefined;
        await this.#delay(retryMs);
      }
    }
  }

  async #renew(): Promise<void> {
    const link: Link = {
      call: (name, ask, body) => this.#urgently(name, ask, body),
      onRenewed: (renewal) => this.onRenewed(renewal),
      close: () => this.close(),
    };
    const connection = this.#connection;
    const attach = async (renewal: Renewal): Promise<void> => {
      try {
        await renewal.attach(link);
      } catch (error) {
        // Without the connection all begins anew; otherwise it concerns this one alone.
        if (this.#connection !== connection) throw error;
        renewal.failed(error);
      }
    };
    await Promise.all(Array.from(this.#renewals, attach));
    this.#patience?.cancel();
    this.#state = 'connected';
    // In their order, among them those that were asked meanwhile.
    for (const { frame } of this.#pending.values()) this.#connection?.channel.write(frame);
    this.#listener.reconnected?.();
  }

  #dropUrgent(): void {
    for (const [id, pending] of this.#pending)
      if (pending.urgent) {
        this.#pending.delete(id);
        pending.reject(this.#brokenError());
      }
  }

  #failPending(error: (pending: Pending) => MillraceError): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const one of pending) one.reject(error(one));
  }

  #brokenError(): MillraceError {
    return raise('CONNECTION_BROKEN', { dataDir: this.#connector.dataDir });
  }

  #lostError(pending?: Pending): MillraceError {
    const details = { dataDir: this.#connector.dataDir, waitedMs: patienceMs };
    return raise(pending?.sequence === undefined ? 'CONNECTION_LOST' : 'OUTCOME_UNKNOWN', details);
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof MillraceError && error.reason === 'CONNECTION_BROKEN';
}
