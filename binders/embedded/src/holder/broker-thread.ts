import { MessageChannel, Worker } from 'node:worker_threads';
import { raise } from '../errors.ts';
import { PortChannel } from '../wire/channel.ts';
import type { WorkerReport, WorkerSetup } from './worker-protocol.ts';

/** A larger one grows to 160 MB and stops the broker for up to 18 ms to be collected, this one for 5 ms at the same total cost. */
const maxYoungGenerationSizeMb = 12;

/** Threads of this process that are ending. Belongs to the process as threads do; see {@link BrokerThread.start}. */
const ending = new Set<Promise<void>>();

/** The thread of this process that holds a data directory, if it can get it. */
export class BrokerThread {
  /** What it says first, once. Rejects with `workerFailed` if it ends without a word. */
  readonly report: Promise<WorkerReport>;
  readonly channel: PortChannel;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;

  private constructor(setup: WorkerSetup) {
    const { port1, port2 } = new MessageChannel();
    this.channel = new PortChannel(port1, { returned: true });
    this.#worker = new Worker(workerUrl(), {
      name: 'millrace-broker',
      workerData: { setup, port: port2 },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    this.ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.report = this.#firstReport();
    // A thread that dies is a lost connection: its channel ends, and this or another process takes over.
    this.#worker.on('error', () => this.channel.close());
    port1.once('close', () => this.#isEnding());
  }

  /**
   * Starts a thread when none of this process is ending any more. V8 of Node 24 keeps the pages of compiled code of all threads in
   * one table, and aborts the process now and then ("Check failed: jit_page.has_value()") when one thread frees its pages while
   * another is given the same addresses.
   */
  static async start(setup: WorkerSetup): Promise<BrokerThread> {
    while (ending.size > 0) await Promise.all(ending);
    return new BrokerThread(setup);
  }

  /** Lets it finish what is under way and end. */
  async stop(): Promise<void> {
    this.#isEnding();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage('stop');
    await this.ended;
    this.channel.close();
  }

  async #firstReport(): Promise<WorkerReport> {
    const report = await new Promise<WorkerReport>((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', (error) => reject(raise('WORKER_FAILED', { problem: String(error) }, error)));
      this.#worker.once('exit', () => reject(raise('WORKER_FAILED', { problem: 'it ended at once' })));
    });
    if (report.kind !== 'ready') {
      this.#isEnding();
      this.channel.close();
    }
    return report;
  }

  #isEnding(): void {
    ending.add(this.ended);
    void this.ended.then(() => ending.delete(this.ended));
  }
}

/** Built code runs built code, sources run sources. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}
