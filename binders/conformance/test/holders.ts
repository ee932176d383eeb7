import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';

/**
 * Those who may hold a data directory: a process of its own, and the threads of the binders in this process, one of which takes over
 * when that process is killed.
 */
export class Holders {
  readonly #dataDir: string;
  readonly #threads = new Set<Worker>();
  readonly #take = (worker: Worker): void => {
    this.#threads.add(worker);
    worker.once('exit', () => this.#threads.delete(worker));
  };
  #process: ChildProcess | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    process.on('worker', this.#take);
  }

  /** Starts the process and waits until it has the directory open. */
  async start(): Promise<void> {
    const child = fork(fileURLToPath(new URL('./holder-process.ts', import.meta.url)), [this.#dataDir], {
      execArgv: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
    });
    this.#process = child;
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process that should hold the directory ended at once'))),
    ]);
  }

  /** Kills whoever holds the directory, as a crash would, and starts another process. */
  async crash(): Promise<void> {
    const ended = once(this.#process!, 'exit');
    this.#process!.kill('SIGKILL');
    await Promise.all([ended, ...[...this.#threads].map((thread) => thread.terminate())]);
    await this.start();
  }

  /** Ends the process in peace. */
  async stop(): Promise<void> {
    process.off('worker', this.#take);
    const ended = once(this.#process!, 'exit');
    this.#process!.send('end');
    await ended;
  }
}
