import type { MillraceError } from '@millrace/core';
import type { Binder } from '../binder/index.ts';
import { binderError } from '../errors.ts';
import type { MetricsRegistry } from '../policies/metrics.ts';
import type { Log } from './log.ts';
import type { Definition } from '../definitions.ts';

/** Which binder carries which destination. */
export interface BinderPoolOptions {
  readonly create: (name: string) => Promise<Binder>;
  readonly defaultBinder: string;
  readonly destinations: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

interface Slot {
  readonly opening: Promise<Binder>;
  error?: MillraceError | undefined;
}

/** Opens binders on first use and keeps them, one per name; a binder that could not be opened is tried again at the next use. */
export class BinderPool {
  readonly #options: BinderPoolOptions;
  readonly #slots = new Map<string, Slot>();

  constructor(options: BinderPoolOptions) {
    this.#options = options;
  }

  for(definition: Definition): Promise<Binder> {
    return this.get(definition.options.binder ?? this.#options.destinations[definition.name] ?? this.#options.defaultBinder);
  }

  get(name: string = this.#options.defaultBinder): Promise<Binder> {
    const known = this.#slots.get(name);
    if (known !== undefined) return known.opening;
    const slot: Slot = { opening: this.#open(name, (error) => this.#connection(name, slot, error)) };
    this.#slots.set(name, slot);
    slot.opening.catch(() => this.#slots.delete(name));
    return slot.opening;
  }

  /** Names of all binders that are configured or in use. */
  names(): readonly string[] {
    return [...new Set([this.#options.defaultBinder, ...Object.values(this.#options.destinations), ...this.#slots.keys()])];
  }

  health(): Record<string, { status: 'up' | 'down'; error?: string }> {
    const entries = [...this.#slots].map(([name, { error }]) => {
      return [name, error === undefined ? { status: 'up' as const } : { status: 'down' as const, error: error.message }] as const;
    });
    return Object.fromEntries(entries);
  }

  async close(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    const opened = await Promise.allSettled(slots.map((slot) => slot.opening));
    const closing = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.close()] : []));
    await Promise.all(closing);
  }

  async #open(name: string, connection: (error: MillraceError | undefined) => void): Promise<Binder> {
    const binder = await this.#options.create(name);
    try {
      await binder.open({ disconnected: connection, reconnected: () => connection(undefined) });
    } catch (error) {
      throw binderError(binder, 'connect', error);
    }
    this.#up(name).set(1);
    return binder;
  }

  #connection(name: string, slot: Slot, error: MillraceError | undefined): void {
    slot.error = error;
    this.#up(name).set(error === undefined ? 1 : 0);
    if (error === undefined) this.#options.log('info', `binder '${name}' is connected again`);
    else this.#options.log('warn', `binder '${name}' lost its connection: ${error.message}`, { code: error.code });
  }

  #up(binder: string) {
    return this.#options.metrics.gauge('millrace_binder_up', 'Whether the binder is connected.', { binder });
  }
}
