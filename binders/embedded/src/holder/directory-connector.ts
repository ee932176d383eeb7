import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
import { errorFromJSON } from '@millrace/core';
import type { Connection, Connector } from '../binder/connector.ts';
import { raise } from '../errors.ts';
import { PortChannel, SocketChannel } from '../wire/channel.ts';
import { socketPath } from './socket-path.ts';
import type { WorkerReport, WorkerSetup } from './worker-protocol.ts';

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
    do {
      const connection = (await overSocket(socketPath(this.dataDir))) ?? (await this.#hold(again));
      if (connection !== undefined) return connection;
      // Somebody holds the directory and does not listen yet, or not any more.
      await new Promise((resolve) => setTimeout(resolve, retryMs * (1 + Math.random())));
    } while (performance.now() < deadline);
    throw raise('holderUnreachable', { dataDir: this.dataDir, waitedMs: patienceMs });
  }

  /** Tries to become the holder; `undefined` if another is. */
  async #hold(again: boolean): Promise<Connection | undefined> {
    const { port1, port2 } = new MessageChannel();
    const setup: WorkerSetup = { ...this.#setup, again };
    const worker = new Worker(workerUrl(), { workerData: { setup, port: port2 }, transferList: [port2], name: 'millrace-broker' });
    const report = await firstReport(worker);
    if (report.kind === 'ready') return held(worker, new PortChannel(port1));
    port1.close();
    if (report.kind === 'failed') throw errorFromJSON(report.error);
    return undefined;
  }
}

/** Built code runs built code, sources run sources. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

function firstReport(worker: Worker): Promise<WorkerReport> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (error) => reject(raise('workerFailed', { problem: String(error) }, error)));
    worker.once('exit', () => reject(raise('workerFailed', { problem: 'it ended at once' })));
  });
}

function held(worker: Worker, channel: PortChannel): Connection {
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  // A thread that dies is a lost connection: its channel ends, and this or another process takes over.
  worker.on('error', () => channel.close());
  return {
    channel,
    release: async () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage('stop');
      await ended;
      channel.close();
    },
  };
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
      if (error.code === 'EACCES' || error.code === 'EPERM') reject(raise('socketForbidden', { path }, error));
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
