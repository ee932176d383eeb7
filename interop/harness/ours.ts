import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStream } from '@millrace/messaging';
import type { Codec, EventContext, EventStream, EventStreamOptions, Millrace, SubscribeOptions } from '@millrace/messaging';
import { connect } from 'millrace';
import type { Broker } from './broker.ts';
import { Child } from './child.ts';
import { Inbox } from './inbox.ts';

const main = join(import.meta.dirname, '../../cli/src/main.ts');

/** Our runtime on a broker. */
export async function ours({ name, kind, settings }: Broker): Promise<Millrace> {
  return connect({ config: false, binder: name, binders: { [name]: kind.options(settings) }, handleSignals: false });
}

/** A new directory with the configuration for a broker, and what removes it. */
export function configured({ name, kind, settings }: Broker): readonly [directory: string, remove: () => void] {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
  const config = { binder: name, binders: { [name]: kind.options(settings) } };
  writeFileSync(join(directory, 'millrace.config.json'), JSON.stringify(config));
  return [directory, () => rmSync(directory, { recursive: true, force: true })];
}

/** The `millrace` command on a broker, in a process and a directory of its own, until it is disposed of. */
export class Command extends Child {
  readonly #remove: () => void;

  constructor(broker: Broker, args: readonly string[]) {
    const [cwd, remove] = configured(broker);
    super(`millrace ${args.join(' ')}`, process.execPath, [...process.execArgv, main, ...args], { cwd });
    this.#remove = remove;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#remove();
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
