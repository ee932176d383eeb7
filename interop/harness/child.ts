import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Inbox } from './inbox.ts';

export interface ChildOptions {
  readonly cwd?: string;
  /** What it reads; without it, there is nothing to read. */
  readonly input?: string;
}

const tailLines = 500;

/** A program of a test, of which the lines that it prints are read. It ends with this process. */
export class Child implements AsyncDisposable {
  readonly title: string;
  readonly lines: Inbox<string>;
  readonly #process: ChildProcess;
  readonly #tail: string[] = [];
  readonly #listeners: ((line: string) => void)[] = [];
  readonly #gone: Promise<unknown>;

  constructor(title: string, file: string, args: readonly string[], { cwd, input }: ChildOptions = {}) {
    this.title = title;
    this.lines = new Inbox(`lines of ${title}`);
    const child = spawn(file, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    // One that ends early does not read all of it.
    child.stdin.on('error', () => undefined).end(input ?? '');
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    this.#process = child;
    this.#gone = once(child, 'close').finally(() => process.off('exit', kill));
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => this.#read(line));
  }

  /** Settles when it has ended and everything that it printed is read. */
  get gone(): Promise<unknown> {
    return this.#gone;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  /** Its last lines. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** Tells of every line from now on, in order. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends it in order, as a platform does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill(signal);
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #read(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    if (process.env['MILLRACE_INTEROP_LOG']) process.stderr.write(`${this.title}: ${line}\n`);
    this.lines.put(line);
    for (const listener of this.#listeners) listener(line);
  }
}
