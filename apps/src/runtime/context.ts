import type { Clock, OptionSet, OptionsOf } from '@millrace/core';
import type { Emit } from './emit.ts';
import type { CompiledExpression } from './expression.ts';
import type { HttpHandler, HttpListener } from './http-host.ts';
import type { Logger } from './logger.ts';
import type { AppMessage } from './message.ts';
import type { PositionStore } from './positions.ts';

/** A number that an app reports. */
export interface AppCounter {
  inc(by?: number): void;
}

/** A value that goes up and down, reported by an app. */
export interface AppGauge {
  set(value: number): void;
}

/** Metrics of an app; they appear beside those of the runtime, labelled with stream and app. */
export interface AppMetrics {
  counter(name: string, help: string): AppCounter;
  gauge(name: string, help: string): AppGauge;
}

/** What an app is given to work with. */
export interface AppContext<Options extends OptionSet = OptionSet> {
  /** The registered name. */
  readonly app: string;
  /** The name in its pipeline. */
  readonly label: string;
  /** The pipeline; empty if the app runs alone. */
  readonly stream: string;
  readonly instance: { readonly index: number; readonly count: number };
  readonly options: OptionsOf<Options>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: AppMetrics;
  /** Aborted when the app should stop taking in; what it still emits is taken. */
  readonly signal: AbortSignal;
  /** Progress and marks of what was seen: forgotten at the end (`memory`) or as durable as the binder (`region`). */
  readonly positions: (store: 'memory' | 'region') => PositionStore;
  /** Hands over once and rejects when it was not taken, for sources whose own clients try again. Only for sources. */
  readonly offer: Emit;
  /** Waits, unless told to stop meanwhile. */
  readonly pause: (ms: number) => Promise<void>;
  /** Compiles the text of an option; `INVALID_ARGUMENT` names the option. */
  readonly expression: (text: string, option: string) => CompiledExpression;
  /** Sends to any destination, which is created where missing; resolves when durable. */
  readonly send: (destination: string, messages: readonly AppMessage[]) => Promise<void>;
  /** Serves HTTP requests until the app stops. */
  readonly listen: (address: { readonly port: number; readonly host: string }, handler: HttpHandler) => Promise<HttpListener>;
}
