import { readOptions } from '@millrace/core';
import type { Clock, OptionSource } from '@millrace/core';
import type { MetricsRegistry } from '@millrace/messaging/policies';
import { appError } from '../errors.ts';
import type { Connections } from './connections.ts';
import type { AppContext } from './context.ts';
import type { AppDefinition } from './define.ts';
import type { Emit } from './emit.ts';
import { compileExpression } from './expression.ts';
import type { HttpHost } from './http-host.ts';
import type { Logger } from './logger.ts';

/** What the contexts of all apps of a process share. */
export interface ProcessServices {
  readonly connections: Connections;
  readonly http: HttpHost;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
}

/** Which app a context is for. */
export interface AppIdentity {
  readonly definition: AppDefinition;
  readonly label: string;
  readonly stream: string;
  readonly instance: { readonly index: number; readonly count: number };
  readonly properties: OptionSource;
}

/** Builds what an app is given. Raises the errors of its options. `offer` is what sources emit through. */
export function createContext(
  app: AppIdentity,
  services: ProcessServices,
  signal: AbortSignal,
  offer: Emit = noOffer(app),
): AppContext {
  const { definition, label, stream } = app;
  const { clock, connections, metrics } = services;
  const name = stream === '' ? label : `${stream}/${label}`;
  const labels = { stream, app: label };
  return {
    app: definition.name,
    label,
    stream,
    instance: app.instance,
    options: readOptions(definition.options, app.properties),
    logger: services.logger.named(name),
    clock,
    metrics: {
      counter: (metric, help) => metrics.counter(metric, help, labels),
      gauge: (metric, help) => metrics.gauge(metric, help, labels),
    },
    signal,
    offer,
    positions: (store) => connections.positions(store, name),
    pause: pauser(clock, signal),
    expression: (text, option) => compileExpression(text, option, definition.name),
    send: (destination, messages) => connections.send(destination, messages),
    listen: (address, handler) => services.http.listen(address, handler),
  };
}

/** Waits on a clock, or until the signal is aborted. */
export function pauser(clock: Clock, signal: AbortSignal): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      if (signal.aborted || ms <= 0) {
        resolve();
        return;
      }
      const wake = () => {
        timer.cancel();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = clock.after(ms, wake);
      signal.addEventListener('abort', wake, { once: true });
    });
}

function noOffer(app: AppIdentity): Emit {
  return () =>
    Promise.reject(appError('APP_INVALID', { app: app.definition.name, rule: 'is no source, so it cannot offer messages' }));
}
