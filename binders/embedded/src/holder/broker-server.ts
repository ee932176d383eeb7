import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '@millrace/core';
import type { Broker } from '../broker/broker.ts';
import { raise } from '../errors.ts';
import type { Channel } from '../wire/channel.ts';
import { SocketChannel } from '../wire/channel.ts';
import { ServerConnection } from './server-connection.ts';
import { prepareSocketFolder } from './socket-path.ts';

const checkMs = 5000;
/** A process that says nothing for so long stands still; its work goes to others. */
const silenceMs = 15_000;

/** Serves a broker to other processes over a socket, and to this process over a port. */
export class BrokerServer {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #connections = new Set<ServerConnection>();
  readonly #server: Server;
  #check: Timer | undefined;

  constructor(broker: Broker, clock: Clock, path: string) {
    this.#broker = broker;
    this.#clock = clock;
    this.#path = path;
    this.#server = createServer((socket) => this.add(new SocketChannel(socket)));
  }

  /** Begins to listen. Only the holder of the directory's lock may, for it removes what a dead one left. */
  listen(): Promise<void> {
    prepareSocketFolder(this.#path);
    if (process.platform !== 'win32') rmSync(this.#path, { force: true });
    this.#checkLater();
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(raise('SOCKET_FAILED', { path: this.#path, problem: error.message }, error)));
      this.#server.listen(this.#path, () => {
        if (process.platform !== 'win32') chmodSync(this.#path, 0o600);
        resolve();
      });
    });
  }

  add(channel: Channel): void {
    this.#connections.add(new ServerConnection(this.#broker, channel, (ended) => this.#connections.delete(ended)));
  }

  /** Lets nobody in any more; those who are stay connected. */
  stopListening(): void {
    this.#check?.cancel();
    this.#server.close();
    if ([...this.#connections].some(({ channel }) => channel.isRemote)) writeFileSync(handOverMark(this.#path), '');
  }

  /** Ends all connections. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #checkLater(): void {
    this.#check = this.#clock.after(checkMs, () => {
      const silentSince = this.#clock.monotonic() - silenceMs;
      for (const connection of this.#connections)
        if (connection.channel.isRemote && connection.lastHeard < silentSince) connection.close();
      this.#checkLater();
    });
  }
}

/** Whether another broker served this directory to processes that may still be there. Forgets it. */
export function hadClients(path: string): boolean {
  const mark = handOverMark(path);
  if (existsSync(mark)) {
    rmSync(mark, { force: true });
    return true;
  }
  // A broker that ended as it should has removed its socket.
  return process.platform !== 'win32' && existsSync(path);
}

function handOverMark(path: string): string {
  return join(dirname(path), 'hand-over');
}
