import { isIP } from 'node:net';
import type { API, Connection } from '@platformatic/kafka';
import { raise } from '../errors.ts';
import { isMalformed, isTimeout, problemOf } from './faults.ts';
import type { Library } from './library.ts';

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export function addressText({ host, port }: BrokerAddress): string {
  return `${host}:${port}`;
}

/** How connections are made. */
export interface LinkSettings {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly tls: object | undefined;
  readonly sasl: object | undefined;
}

/** What becomes of connections. */
export interface LinkEvents {
  /** It ended without {@link Link.close}. */
  lost(link: Link): void;
  /** Its broker did not answer in time. It is about to be ended. */
  silent(link: Link): void;
}

/** Requests on the way at once over one connection; order within a partition is kept above. */
const maxInFlight = 1000;

/** One connection to a broker. Requests are answered in their order, so a request that waits holds up those behind it. */
export class Link {
  readonly address: BrokerAddress;
  readonly #connection: Connection;
  readonly #events: LinkEvents;
  #open = 0;
  #lastUse = performance.now();

  private constructor(address: BrokerAddress, connection: Connection, events: LinkEvents) {
    this.address = address;
    this.#events = events;
    this.#connection = connection;
  }

  /** Connects and authenticates. */
  static async connect(library: Library, address: BrokerAddress, settings: LinkSettings, events: LinkEvents): Promise<Link> {
    const { clientId, connectTimeoutMs, requestTimeoutMs, tls, sasl } = settings;
    const connection = new library.Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: maxInFlight,
      // A name is asked for by names alone, not by addresses.
      ...(tls === undefined ? {} : { tls, tlsServerName: isIP(address.host) === 0 }),
      ...(sasl === undefined ? {} : { sasl: sasl as never }),
    });
    // Without a listener an error would end the process; what it means reaches the requests on the way.
    connection.on('error', () => undefined);
    await connection.connect(address.host, address.port);
    connection.socket.setKeepAlive(true, 30_000);
    const link = new Link(address, connection, events);
    connection.once('close', () => events.lost(link));
    return link;
  }

  get isOpen(): boolean {
    return this.#connection.isConnected();
  }

  /** Whether nothing was asked for a while: a broker closes such connections, which is no loss. */
  get isIdle(): boolean {
    return this.isUnusedSince(performance.now() - 30_000);
  }

  /** The answer to a request. `ANSWER_MALFORMED` where it cannot be read: nobody knows then whether the request was carried out. */
  async call<Arguments extends unknown[], Answer>(api: API<Arguments, Answer>, ...args: Arguments): Promise<Answer> {
    this.#open++;
    try {
      return await api.async(this.#connection, ...args);
    } catch (error) {
      if (isTimeout(error)) this.#events.silent(this);
      if (!isMalformed(error)) throw error;
      // Where the next answer begins is anybody's guess.
      this.#connection.socket.destroy();
      throw raise('ANSWER_MALFORMED', { broker: addressText(this.address), problem: problemOf(error) }, error);
    } finally {
      this.#open--;
      this.#lastUse = performance.now();
    }
  }

  /** Whether nothing was asked for since this time of `performance.now()`, and nothing is now. */
  isUnusedSince(time: number): boolean {
    return this.#open === 0 && this.#lastUse < time;
  }

  async close(): Promise<void> {
    this.#connection.removeAllListeners('close');
    await this.#connection.close();
  }
}
