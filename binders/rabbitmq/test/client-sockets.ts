import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const channel = 'net.client.socket';

/** The sockets that this process opens as a client, to be broken by a test. */
export class ClientSockets {
  readonly #open = new Set<Socket>();
  readonly #take = (event: unknown): void => {
    const { socket } = event as { readonly socket: Socket };
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  };

  constructor() {
    subscribe(channel, this.#take);
  }

  /** Breaks all that are open, without a farewell. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Looks at no more sockets. */
  stop(): void {
    unsubscribe(channel, this.#take);
  }
}
