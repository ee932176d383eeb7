import { inputProperties, outputProperties } from './bindings.ts';
import type { Input, Output } from './bindings.ts';
import type { Broker } from './broker.ts';
import { Inbox } from './inbox.ts';
import type { JavaApp } from './java.ts';

/** A value with its Java class. Lists and maps hold values of the same form; bytes are base64. */
export interface Typed {
  readonly type: string | null;
  readonly value: unknown;
}

/** What a function of the peer was given. */
export interface Seen {
  readonly function: string;
  readonly payload: Typed;
  readonly headers: Readonly<Record<string, Typed>>;
}

/** A message for the peer to send: bytes, a tombstone, or an object that Spring converts. */
export interface Draft {
  readonly payload?: Uint8Array | string | null;
  readonly object?: Typed;
  readonly headers?: Readonly<Record<string, Typed>>;
}

/** A reply to a request of the peer. */
export interface Reply {
  readonly payload: Typed;
  readonly headers: Readonly<Record<string, Typed>>;
}

export interface PeerOptions {
  /** Functions of the peer with where they read and write. */
  readonly functions?: Readonly<Record<string, { readonly input?: Input; readonly output?: Output }>>;
  /** Bindings that a test sends through, by name. */
  readonly outputs?: Readonly<Record<string, Output>>;
  readonly properties?: Readonly<Record<string, string>>;
}

/** A Spring Cloud Stream application that sends what it is told and tells what it is given. */
export class Peer implements AsyncDisposable {
  readonly seen: Inbox<Seen>;
  readonly #app: JavaApp;
  readonly #port: number;

  private constructor(app: JavaApp, port: number, seen: Inbox<Seen>) {
    this.#app = app;
    this.#port = port;
    this.seen = seen;
  }

  /** Starts one and resolves when all its bindings work. */
  static async start(broker: Broker, options: PeerOptions): Promise<Peer> {
    const seen = new Inbox<Seen>('messages of the Spring peer');
    const app = broker.start('peer', properties(broker, options));
    app.onLine((line) => {
      if (line.startsWith('peer-seen ')) seen.put(JSON.parse(line.slice('peer-seen '.length)) as Seen);
    });
    const peer = new Peer(app, await app.ready(), seen);
    return peer;
  }

  get lines(): Inbox<string> {
    return this.#app.lines;
  }

  /** Sends messages through an output binding, in order. */
  async send(binding: string, drafts: readonly Draft[]): Promise<void> {
    await this.#post(`/send/${binding}`, drafts.map(onWire));
  }

  /** Sends requests as clients of this broker do, one after another, and resolves with the replies. */
  async request(destination: string, drafts: readonly Draft[]): Promise<readonly Reply[]> {
    return (await this.#post(`/request/${destination}`, drafts.map(onWire))) as readonly Reply[];
  }

  /** From now on the fragile function takes everything. */
  async repair(): Promise<void> {
    await this.#post('/repair', []);
  }

  /** Messages that a function was given, taken out of the inbox. */
  async taken(name: string, count: number, timeoutMs?: number): Promise<readonly Seen[]> {
    return this.seen.take(count, (seen) => seen.function === name, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.stop();
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`the peer answered ${path} with ${response.status}:\n${this.#app.errors}`);
    return answer === '' ? undefined : JSON.parse(answer);
  }
}

/** A value of that Java class. */
export function typed(type: string, value: unknown): Typed {
  return { type, value };
}

/** Text, as a Java string. */
export function text(value: string): Typed {
  return typed('java.lang.String', value);
}

/** The bytes of a payload or header that came as a Java byte array. */
export function bytesOf({ type, value }: Typed): Buffer {
  if (type !== '[B') throw new Error(`expected bytes, got ${type}`);
  return Buffer.from(value as string, 'base64');
}

/** A typed value without its classes. */
export function plain({ type, value }: Typed): unknown {
  if (type === '[B') return Buffer.from(value as string, 'base64');
  if (Array.isArray(value)) return (value as Typed[]).map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value as Record<string, Typed>).map(([name, each]) => [name, plain(each)]));
  return value;
}

function onWire({ payload, object, headers = {} }: Draft): object {
  const bytes = payload === undefined || payload === null ? null : Buffer.from(payload as string).toString('base64');
  return { payload: bytes, object, headers };
}

function properties(broker: Broker, { functions = {}, outputs = {}, properties: more = {} }: PeerOptions): Record<string, string> {
  const all: Record<string, string> = {
    'spring.cloud.function.definition': Object.keys(functions).join(';'),
    'spring.cloud.stream.output-bindings': Object.keys(outputs).join(';'),
  };
  for (const [name, { input, output }] of Object.entries(functions)) {
    if (input !== undefined) Object.assign(all, inputProperties(broker, `${name}-in-0`, input));
    if (output !== undefined) Object.assign(all, outputProperties(`${name}-out-0`, output));
  }
  for (const [name, output] of Object.entries(outputs)) Object.assign(all, outputProperties(`${name}-out-0`, output));
  return { ...all, ...more };
}
