import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventStream } from '@millrace/messaging';
import type { Codec, EventContext, EventStream, EventStreamOptions, Millrace, SubscribeOptions } from '@millrace/messaging';
import { connect } from 'millrace';
import type { Broker } from './broker.ts';
import { Inbox } from './inbox.ts';

const main = join(import.meta.dirname, '../../cli/src/main.ts');

/** Our runtime on a broker. */
export async function ours({ name, kind, settings }: Broker): Promise<Millrace> {
  return connect({ config: false, binder: name, binders: { [name]: kind.options(settings) }, handleSignals: false });
}

/** The `millrace` command on a broker, in a process of its own, until it is disposed of. */
export class Command implements AsyncDisposable {
  readonly lines: Inbox<string>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor({ name, kind, settings }: Broker, args: readonly string[]) {
    this.lines = new Inbox(`lines of millrace ${args.join(' ')}`);
    const config = { binder: name, binders: { [name]: kind.options(settings) } };
    writeFileSync(join(this.#directory, 'millrace.config.json'), JSON.stringify(config));
    this.#child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#gone = once(this.#child, 'close').finally(() => process.off('exit', kill));
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface(stream).on('line', (line) => {
        if (process.env['MILLRACE_INTEROP_LOG']) process.stderr.write(`millrace: ${line}\n`);
        this.lines.put(line);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#gone;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A message as a subscription of ours was given it. */
export interface Received {
  /** A copy of the bytes, `null` for a tombstone. */
  readonly payload: Buffer | null;
  readonly context: EventContext;
}

/** An event stream of bytes: what is sent and seen is what lies on the wire. */
export function bytesStream(name: string, options: EventStreamOptions<Uint8Array | null> = {}): EventStream<Uint8Array | null> {
  return eventStream(name, { codec: raw, ...options });
}

/** Subscribes and resolves with the inbox of what comes. */
export async function collect(mr: Millrace, destination: string, options: SubscribeOptions): Promise<Inbox<Received>> {
  const inbox = new Inbox<Received>(`messages of '${destination}' for '${options.group}'`);
  await mr.subscribe(bytesStream(destination), options, (payload, context) => {
    inbox.put({ payload: payload === null ? null : Buffer.from(payload), context });
  });
  return inbox;
}

const raw: Codec = {
  contentType: 'application/octet-stream',
  encode: (payload) => payload as Uint8Array,
  decode: (bytes) => bytes,
};
