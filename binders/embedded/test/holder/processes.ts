import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Said {
  readonly sent?: string;
  readonly failed?: string;
  readonly got?: string;
  readonly ready?: boolean;
  readonly reconnected?: boolean;
  readonly closed?: boolean;
}

/** A running `client-process.ts` and what it said so far. */
export class ClientProcess {
  readonly said: Said[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly #errors: string[] = [];
  #wake: () => void = () => undefined;

  constructor(dataDir: string, name: string) {
    const script = join(import.meta.dirname, 'client-process.ts');
    this.child = spawn(process.execPath, ['--conditions=development', script, dataDir, name], { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.said.push(JSON.parse(line) as Said);
      this.#wake();
    });
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.#errors.push(line));
    this.ended = new Promise((resolve) =>
      this.child.once('close', () => {
        this.#wake();
        resolve();
      }),
    );
  }

  /** Waits until it has said so. Fails if it ends before. */
  async until(holds: (said: readonly Said[]) => boolean): Promise<void> {
    while (!holds(this.said)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`it ended: ${this.#errors.join('\n')}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  get ready(): Promise<void> {
    return this.until((said) => said.some(({ ready }) => ready === true));
  }

  /** Waits until so many more messages were sent, and received, than now. */
  async progress(count: number): Promise<void> {
    const before = { sent: this.sent.length, got: this.got.length };
    await this.until(() => this.sent.length >= before.sent + count && this.got.length >= before.got + count);
  }

  get sent(): string[] {
    return this.said.flatMap(({ sent }) => sent ?? []);
  }

  get failed(): string[] {
    return this.said.flatMap(({ failed }) => failed ?? []);
  }

  get got(): string[] {
    return this.said.flatMap(({ got }) => got ?? []);
  }

  /** Lets it close its binder and end. */
  async stop(): Promise<void> {
    this.child.stdin!.write('stop\n');
    await this.ended;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

/** An empty folder for one test; returns how to remove it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
