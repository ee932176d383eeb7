import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { raise } from '../errors.ts';
import { refusalOf } from './faults.ts';
import type { Library } from './library.ts';
import { within, sleep } from './patience.ts';
import { problemOf, translate } from './translate.ts';

export interface LinkSettings {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
  readonly tls: TlsOptions | undefined;
  readonly external: boolean;
  readonly connectionName: string;
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
}

interface LinkEvents {
  /** Connected, for the first time or again. Channels of before are gone. */
  up: [model: ChannelModel];
  down: [error: unknown];
  blocked: [reason: string];
  unblocked: [];
}

const firstDelayMs = 50;
const longestDelayMs = 3000;

/**
 * One connection that comes back by itself, on whichever node answers. What was on it (channels, consumers, messages on their way) is
 * the business of those who listen to `up` and `down`.
 */
export class Link extends EventEmitter<LinkEvents> {
  readonly #library: Library;
  readonly #settings: LinkSettings;
  /** What it is for, as the server shows it. */
  readonly purpose: string;
  #model: ChannelModel | undefined;
  #blockedBecause: string | undefined;
  #lastProblem = 'not connected yet';
  #next = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #reconnecting: Promise<void> | undefined;
  #dialling: Promise<ChannelModel> | undefined;

  constructor(library: Library, settings: LinkSettings, purpose: string) {
    super();
    this.setMaxListeners(0);
    this.#library = library;
    this.#settings = settings;
    this.purpose = purpose;
  }

  /** Connects. Rejects when no node answers or all refuse. */
  async open(): Promise<void> {
    this.#take(await this.#dial());
  }

  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why the server takes no messages on this connection at the moment; `undefined` while it does. */
  get blockedBecause(): string | undefined {
    return this.#blockedBecause;
  }

  get lastProblem(): string {
    return this.#blockedBecause ?? this.#lastProblem;
  }

  get addressText(): string {
    return this.#settings.addresses.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  get username(): string {
    return this.#settings.username;
  }

  get serverVersion(): string {
    return this.#model?.connection.serverProperties.version ?? '0';
  }

  /** The connection, when there is one within `ms`; `UNAVAILABLE` otherwise. */
  async ready(ms: number): Promise<ChannelModel> {
    if (this.#isClosed) throw raise('BINDER_CLOSED', {});
    if (this.#model !== undefined) return this.#model;
    let stop: (() => void) | undefined;
    const coming = new Promise<ChannelModel>((resolve) => {
      this.once('up', resolve);
      stop = () => void this.off('up', resolve);
    });
    try {
      return await within(coming, ms, () => raise('UNREACHABLE', { addresses: this.addressText, problem: this.#lastProblem }));
    } finally {
      stop?.();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends the connection as if it were lost, so that it is made anew. */
  reset(): void {
    void this.#model?.close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    const model = this.#model;
    this.#model = undefined;
    // An attempt under way must not leave a connection behind.
    const late = await this.#dialling?.catch(() => undefined);
    for (const each of [model, late])
      await within(end(each), 3000, () => raise('TOO_SLOW', { what: 'close', waitedMs: 3000 })).catch(() => undefined);
    await this.#reconnecting;
    this.removeAllListeners();
  }

  #take(model: ChannelModel): void {
    if (this.#isClosed) return void end(model);
    this.#model = model;
    this.#blockedBecause = undefined;
    let problem: unknown;
    model.on('error', (error) => (problem = error));
    model.on('close', (error) => this.#lost(model, error ?? problem));
    model.on('blocked', (reason) => {
      this.#blockedBecause = reason;
      this.emit('blocked', reason);
    });
    model.on('unblocked', () => {
      this.#blockedBecause = undefined;
      this.emit('unblocked');
    });
    this.emit('up', model);
  }

  #lost(model: ChannelModel, error: unknown): void {
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#blockedBecause = undefined;
    this.#lastProblem = error === undefined ? 'the connection was closed' : problemOf(error);
    this.emit('down', error);
    this.#reconnecting ??= this.#reconnect().finally(() => (this.#reconnecting = undefined));
  }

  async #reconnect(): Promise<void> {
    for (let delay = firstDelayMs; !this.#isClosed; delay = Math.min(delay * 2, longestDelayMs)) {
      await sleep(delay * (0.5 + Math.random() / 2));
      if (this.#isClosed) return;
      try {
        this.#take(await this.#dial());
        return;
      } catch (error) {
        this.#lastProblem = problemOf(error);
      }
    }
  }

  /** Tries the nodes in turn, beginning behind the one that was used last. */
  async #dial(): Promise<ChannelModel> {
    const { addresses } = this.#settings;
    let failure: unknown;
    for (let tries = 0; tries < addresses.length && !this.#isClosed; tries++) {
      const address = addresses[this.#next++ % addresses.length]!;
      try {
        this.#dialling = this.#connect(address);
        return await this.#dialling;
      } catch (error) {
        failure = error;
        if (refusalOf(error) !== undefined) break;
      }
    }
    if (refusalOf(failure) !== undefined) throw translate(failure, 'connect', this.addressText);
    throw raise('UNREACHABLE', { addresses: this.addressText, problem: problemOf(failure) }, failure);
  }

  #connect({ host, port }: { readonly host: string; readonly port: number }): Promise<ChannelModel> {
    const { username, password, virtualHost, tls, external, heartbeatSeconds, connectTimeoutMs, connectionName } = this.#settings;
    const { credentials } = this.#library;
    const target = {
      protocol: tls === undefined ? 'amqp' : 'amqps',
      hostname: host,
      port,
      // The library takes it as it stands in a URL.
      vhost: encodeURIComponent(virtualHost),
      heartbeat: heartbeatSeconds,
    };
    return this.#library.connect(target, {
      ...tls,
      noDelay: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: `${connectionName} (${this.purpose})` },
      credentials: external ? credentials.external() : credentials.plain(username, password),
    });
  }
}

async function end(model: ChannelModel | undefined): Promise<void> {
  // Closing what is closed throws; either way it is gone.
  await model?.close().catch(() => undefined);
}
