import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { MillraceError, systemClock } from '@millrace/core';
import { asMillraceError } from '../binder/link.ts';
import { Broker } from '../broker/broker.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/segment-journal.ts';
import { PortChannel } from '../wire/channel.ts';
import { BrokerServer, hadClients } from './broker-server.ts';
import { journalDirectory, noteFormat, prepareDirectory, refuseEmptied, refuseNewer } from './data-directory.ts';
import { socketPath } from './socket-path.ts';
import type { WorkerReport, WorkerSetup } from './worker-protocol.ts';

/** Acknowledgements come right before the next commands are sent: a moment saves them a flush of their own. */
const laterMs = 1;
const scheduling = { soon: setImmediate, later: (task: () => void) => void setTimeout(task, laterMs) };

/** The thread of the process that holds a data directory: journal, broker and socket. */
async function run(
  setup: WorkerSetup,
  port: MessagePort,
  report: (message: WorkerReport) => void,
): Promise<(() => void) | undefined> {
  const { dataDir } = setup;
  prepareDirectory(dataDir);
  refuseNewer(dataDir, setup.version);
  refuseEmptied(dataDir);
  const journal = hold(setup);
  if (journal === undefined) {
    report({ kind: 'held' });
    return undefined;
  }
  try {
    noteFormat(dataDir, setup.version);
    return await serve(setup, journal, port, report);
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** Opens the journal, and with it takes the directory's lock; `undefined` if another process or thread has it. */
function hold({ dataDir, segmentBytes }: WorkerSetup): Journal | undefined {
  try {
    return openJournal(journalDirectory(dataDir), { clock: systemClock, segmentBytes });
  } catch (error) {
    if (error instanceof MillraceError && error.reason === 'DIRECTORY_IN_USE') return undefined;
    throw error;
  }
}

async function serve(
  { dataDir, limits, again }: WorkerSetup,
  journal: Journal,
  port: MessagePort,
  report: (message: WorkerReport) => void,
): Promise<() => void> {
  const path = socketPath(dataDir);
  const takeOver = hadClients(path) || again;
  const broker = new Broker({ journal, clock: systemClock, limits, scheduling, takeOver });
  const server = new BrokerServer(broker, systemClock, path);
  await server.listen();
  server.add(new PortChannel(port));
  report({ kind: 'ready' });
  return () => {
    server.stopListening();
    broker.close();
    // Others may take over from here on; they come when their connection ends.
    journal.close();
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
