import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Broker } from './broker.ts';
import { cachedFolder } from './cache.ts';
import { Child } from './child.ts';
import { Inbox } from './inbox.ts';

const run = promisify(execFile);
const programs = join(import.meta.dirname, '../plain');
const requirements = join(programs, 'requirements.txt');

/** A message of a plain client. */
export interface PlainMessage {
  /** `null` is a tombstone. */
  readonly payload: Uint8Array | null;
  readonly key?: Uint8Array | null;
  readonly headers?: Readonly<Record<string, Uint8Array>>;
}

/** A message as a plain client was given it. */
export interface PlainReceived extends PlainMessage {
  readonly headers: Readonly<Record<string, Buffer>>;
  readonly partition?: number;
  readonly contentType?: string;
}

/** The Python that has the clients; made once. */
export function pythonFolder(): string {
  return cachedFolder('python', [readFileSync(requirements)]);
}

/** Installs the clients unless that was done before. */
export async function installClients(onProgress: (text: string) => void): Promise<void> {
  const folder = pythonFolder();
  if (existsSync(join(folder, 'installed'))) return;
  onProgress('installing the plain clients');
  // An environment of Python cannot be moved, so it is made in its place and marked at the end.
  rmSync(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
  await run('touch', [join(folder, 'installed')]);
}

/** Sends messages with the broker's plain client and resolves with what it says of each. */
export async function plainSend(
  broker: Broker,
  destination: string,
  messages: readonly PlainMessage[],
  settings: readonly string[] = [],
): Promise<readonly { readonly partition?: number; readonly offset?: number }[]> {
  const input = messages.map((message) => `${JSON.stringify(message, encoded)}\n`).join('');
  const child = new Child('the plain client', python(), program(broker, 'send', destination, ...settings), { input });
  await child.gone;
  if (child.exitCode !== 0) throw new Error(`the plain client could not send:\n${child.tail.join('\n')}`);
  // The client warns in lines of its own.
  const told = child.lines.items.filter((line) => line.startsWith('{'));
  return told.map((line) => JSON.parse(line) as { partition?: number; offset?: number });
}

/** A plain client that consumes in a group (RabbitMQ: from a queue) until it is disposed of. */
export class PlainConsumer implements AsyncDisposable {
  readonly received = new Inbox<PlainReceived>('messages of the plain client');
  readonly child: Child;

  constructor(broker: Broker, destination: string, group: string, settings: readonly string[] = []) {
    this.child = new Child('the plain client', python(), program(broker, 'receive', destination, group, ...settings));
    this.child.onLine((line) => {
      if (line.startsWith('{"payload"')) this.received.put(decoded(line));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}

function python(): string {
  return join(pythonFolder(), 'bin/python');
}

function program({ name, settings }: Broker, ...args: readonly string[]): readonly string[] {
  const address = name === 'kafka' ? settings.addresses.join(',') : settings.env['RABBITMQ_URL']!;
  return [join(programs, `${name}.py`), address, ...args];
}

function encoded(this: unknown, key: string, value: unknown): unknown {
  // Buffers have a toJSON that is called before.
  const given = (this as Record<string, unknown>)[key];
  return given instanceof Uint8Array ? Buffer.from(given).toString('base64') : value;
}

function bytes(text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : Buffer.from(text, 'base64');
}

function decoded(line: string): PlainReceived {
  const { payload, key, headers, ...rest } = JSON.parse(line) as Record<'payload' | 'key', string | null> & {
    headers: Record<string, string>;
  };
  const named = Object.entries(headers).map(([name, value]) => [name, bytes(value)!] as const);
  return { ...rest, payload: bytes(payload), key: bytes(key), headers: Object.fromEntries(named) };
}
