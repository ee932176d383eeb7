import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { errorFromJSON } from '@millrace/core';
import type { Connection, Connector } from '../binder/connector.ts';
import { raise } from '../errors.ts';
import { isLocked } from '../journal/directory-lock.ts';
import { SocketChannel } from '../wire/channel.ts';
import { BrokerThread } from './broker-thread.ts';
import { journalDirectory } from './data-directory.ts';
import { socketPath } from './socket-path.ts';
import type { WorkerSetup } from './worker-protocol.ts';

const patienceMs = 10_000;
const retryMs = 15;

/** Reaches the broker of a data directory: over the socket of the process that holds it, or by holding it here. */
export class DirectoryConnector implements Connector {
  readonly dataDir: string;
  readonly #setup: Omit<WorkerSetup, 'again'>;

  constructor(setup: Omit<WorkerSetup, 'again'>) {
    this.dataDir = setup.dataDir;
    this.#setup = setup;
  }

  async connect(again: boolean): Promise<Connection> {
    const deadline = performance.now() + patienceMs;
    for (let attempt = 0; attempt === 0 || performance.now() < deadline; attempt++) {
      const connection = (await overSocket(socketPath(this.dataDir))) ?? (await this.#hold(again, attempt));
      if (connection !== undefined) return connection;
      // Somebody holds the directory and does not listen yet, or not any more.
      await new Promise((resolve) => setTimeout(resolve, retryMs * (1 + Math.random())));
    }
    throw raise('HOLDER_UNREACHABLE', { dataDir: this.dataDir, waitedMs: patienceMs });
  }

  /** Tries to become the holder; `undefined` if another is. */
  async #hold(again: boolean, attempt: number): Promise<Connection | undefined> {
    // A thread is dear, so once one came back empty-handed the lock is looked at first.
    if (attempt > 0 && isLocked(journalDirectory(this.dataDir))) return undefined;
    const thread = await BrokerThread.start({ ...this.#setup, again });
    const report = await thread.report;
    if (report.kind === 'ready') return { channel: thread.channel, release: () => thread.stop() };
    await thread.ended;
    if (report.kind === 'failed') throw errorFromJSON(report.error);
    return undefined;
  }
}

/** A connection to the broker that listens there; `undefined` if none does. */
function overSocket(path: string): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(attached(socket));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') reject(raise('SOCKET_FORBIDDEN', { path }, error));
      else resolve(undefined);
    });
  });
}

function attached(socket: Socket): Connection {
  const channel = new SocketChannel(socket);
  return {
    channel,
    release: async () => channel.close(),
  };
}
