import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '@millrace/core';
import { asMillraceError } from '../binder/link.ts';
import { Broker } from '../broker/broker.ts';
import { openJournal } from '../journal/segment-journal.ts';
import { PortChannel } from '../wire/channel.ts';
import { BrokerServer, hadClients } from './broker-server.ts';
import { checkFormat, prepareDirectory } from './data-directory.ts';
import { DirectoryLock } from './directory-lock.ts';
import { socketPath } from './socket-path.ts';
import type { WorkerReport, WorkerSetup } from './worker-protocol.ts';

/** The thread of the process that holds a data directory: journal, broker and socket. */
async function run(
  setup: WorkerSetup,
  port: MessagePort,
  report: (message: WorkerReport) => void,
): Promise<(() => void) | undefined> {
  const { dataDir } = setup;
  prepareDirectory(dataDir);
  const lock = DirectoryLock.take(dataDir);
  if (lock === undefined) {
    report({ kind: 'held' });
    return undefined;
  }
  try {
    return await serve(setup, lock, port, report);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function serve(
  { dataDir, limits, segmentBytes, version, again }: WorkerSetup,
  lock: DirectoryLock,
  port: MessagePort,
  report: (message: WorkerReport) => void,
): Promise<() => void> {
  checkFormat(dataDir, version);
  const path = socketPath(dataDir);
  const takeOver = hadClients(path) || again;
  const journal = openJournal(join(dataDir, 'journal'), { clock: systemClock, segmentBytes });
  const broker = new Broker({ journal, clock: systemClock, limits, schedule: setImmediate, takeOver });
  const server = new BrokerServer(broker, systemClock, path);
  await server.listen();
  server.add(new PortChannel(port));
  report({ kind: 'ready' });
  return () => {
    server.stopListening();
    broker.close();
    journal.close();
    // Others may take over from here on; they come when their connection ends.
    lock.release();
    server.close();
  };
}

const parent = parentPort!;
const { setup, port } = workerData as { readonly setup: WorkerSetup; readonly port: MessagePort };
const report = (message: WorkerReport): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parent.postMessage(message);
};
try {
  const stop = await run(setup, port, report);
  if (stop === undefined) parent.close();
  else
    parent.once('message', () => {
      stop();
      parent.close();
      process.exit();
    });
} catch (error) {
  report({ kind: 'failed', error: asMillraceError(error).toJSON() });
  parent.close();
  port.close();
}
