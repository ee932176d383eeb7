import { isIP } from 'node:net';
import type { API, Connection } from '@platformatic/kafka';
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

/** Requests on the way at once over one connection; order within a partition is kept above. */
const maxInFlight = 1000;

/** One connection to a broker. Requests are answered in their order, so a request that waits holds up those behind it. */
export class Link {
  readonly address: BrokerAddress;
  readonly #connection: Connection;
  #open = 0;
  #lastUse = performance.now();

  private constructor(address: BrokerAddress, connection: Connection) {
    this.address = address;
    this.#connection = connection;
  }

  /** Connects and authenticates. `lost` is told when the connection ends without {@link close}. */
  static async connect(
    library: Library,
    address: BrokerAddress,
    settings: LinkSettings,
    lost: (link: Link) => void,
  ): Promise<Link> {
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
    const link = new Link(address, connection);
    connection.once('close', () => lost(link));
    return link;
  }

  get isOpen(): boolean {
    return this.#connection.isConnected();
  }

  /** Whether nothing was asked for a while: a broker closes such connections, which is no loss. */
  get isIdle(): boolean {
    return this.#open === 0 && performance.now() - this.#lastUse > 30_000;
  }

  async call<Arguments extends unknown[], Answer>(api: API<Arguments, Answer>, ...args: Arguments): Promise<Answer> {
    this.#open++;
    try {
      return await api.async(this.#connection, ...args);
    } finally {
      this.#open--;
      this.#lastUse = performance.now();
    }
  }

  async close(): Promise<void> {
    this.#connection.removeAllListeners('close');
    await this.#connection.close();
  }
}
