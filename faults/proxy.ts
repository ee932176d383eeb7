import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * A TCP relay in front of a server, whose connections a test breaks in the ways of real networks. Knows nothing of what it carries.
 * A server that tells clients its own address (Kafka's `advertised.listeners`) must be told to name {@link address}.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #listener: Server;
  readonly #relays = new Set<Relay>();
  #target: string | undefined;
  #accepts = true;
  #flows = true;

  private constructor(listener: Server) {
    this.#listener = listener;
    listener.on('connection', (client) => this.#relay(client));
  }

  /** Listens on a free port of the loopback interface; relays from {@link leadTo} on. */
  static async start(): Promise<FaultProxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new FaultProxy(listener);
  }

  /** Where clients connect, as `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** How many connections clients have open. */
  get connections(): number {
    return this.#relays.size;
  }

  /** Relays new connections to this `host:port`. */
  leadTo(address: string): void {
    this.#target = address;
  }

  /** Resets every connection (RST), as a firewall or a crashed machine does. New ones are relayed. */
  reset(): void {
    for (const relay of this.#relays) relay.reset();
  }

  /** Resets each connection in the midst of an answer: when the server has sent so many more bytes on it. */
  resetAfter(bytes: number): void {
    for (const relay of this.#relays) relay.resetAfter(bytes);
  }

  /** From now on no byte passes, in either direction and also on new connections, while all stay open: a network that swallows. */
  stall(): void {
    this.#flows = false;
    for (const relay of this.#relays) relay.flow(false);
  }

  /** What was held back arrives, and everything goes on. */
  flow(): void {
    this.#flows = true;
    for (const relay of this.#relays) relay.flow(true);
  }

  /** The server forgets the connections that there are, and clients never hear of it (half open). New ones are relayed. */
  abandon(): void {
    for (const relay of this.#relays) relay.abandon();
  }

  /** Resets what is open, and every new connection at once, until {@link accept}. */
  refuse(): void {
    this.#accepts = false;
    this.reset();
  }

  accept(): void {
    this.#accepts = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.refuse();
    await closed;
  }

  #relay(client: Socket): void {
    client.on('error', ignore);
    if (!this.#accepts || this.#target === undefined) return void client.resetAndDestroy();
    const relay = new Relay(client, this.#target);
    this.#relays.add(relay);
    client.once('close', () => this.#relays.delete(relay));
    if (!this.#flows) relay.flow(false);
  }
}

/** One connection of a client and the one to the server that belongs to it. */
class Relay {
  readonly #client: Socket;
  readonly #server: Socket;
  #flows = true;
  #isAbandoned = false;
  #bytesLeft = Infinity;

  constructor(client: Socket, target: string) {
    const [host, port] = target.split(':') as [string, string];
    this.#client = client.setNoDelay(true);
    this.#server = connect({ host, port: Number(port), noDelay: true }).on('error', ignore);
    this.#pass(this.#client, this.#server);
    this.#pass(this.#server, this.#client);
    this.#server.on('data', (chunk) => this.#count(chunk.length));
    client.once('close', () => this.#server.destroy());
    this.#server.once('close', () => {
      if (!this.#isAbandoned) client.destroy();
    });
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  resetAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  flow(flows: boolean): void {
    this.#flows = flows && !this.#isAbandoned;
    for (const socket of [this.#client, this.#server]) {
      if (this.#flows) socket.resume();
      else socket.pause();
    }
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.flow(false);
    this.#server.destroy();
  }

  #count(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft <= 0) this.reset();
  }

  /** No faster than the other end takes it. */
  #pass(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (this.#flows) from.resume();
    });
  }
}

/** Breaks of connections are what this is for; each end learns of the other's by its `close`. */
function ignore(): void {}
