import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectOptions } from 'millrace';
import { onTestFinished } from 'vitest';

/** Whether the long version runs. */
export const long = process.env['MILLRACE_FAULTS'] === 'long';

/** How often to do something: `short` in every test run, `atLength` with `npm run faults`. */
export function rounds(short: number, atLength: number): number {
  return long ? atLength : short;
}

/** A directory that is gone when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** Where a program of this folder works, as its argument: options of `connect` that are plain data. */
export function place(options: ConnectOptions): string {
  return JSON.stringify(options);
}

/** A program of this folder as a process of its own. What it sends arrives in order; `kill` takes nothing back. */
export class Program {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;

  constructor(name: string, args: readonly string[], onMessage: (message: string) => void) {
    this.#child = fork(join(import.meta.dirname, 'programs', `${name}.ts`), args, {
      execArgv: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (batch: readonly string[]) => batch.forEach(onMessage));
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null);
    const child = this.#child;
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Waits until it holds; fails after `timeoutMs` with what was waited for. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
