import type { Clock } from '@millrace/core';
import { embeddedBinder } from '@millrace/binder-embedded';
import { onTestFinished } from 'vitest';
import type { Binder } from '../src/binder/index.ts';
import { createRuntime, type Millrace, type RuntimeOptions } from '../src/index.ts';

/** A binder in memory that several runtimes of a test can share, as processes share a broker. */
export function memoryBinder(clock?: Clock): Binder {
  const binder = embeddedBinder({ memory: true, clock });
  let opening: Promise<void> | undefined;
  onTestFinished(() => binder.close());
  return override(binder, { open: (listener) => (opening ??= binder.open(listener)), close: () => Promise.resolve() });
}

/** A runtime on a binder, closed when the test ends; its log lines are collected. */
export function runtimeOn(binder: Binder, options: Partial<RuntimeOptions> = {}): Millrace & { readonly logged: string[] } {
  const logged: string[] = [];
  const runtime = createRuntime({
    binders: () => Promise.resolve(binder),
    defaultBinder: 'memory',
    handleSignals: false,
    isolateUncaught: false,
    log: (level, message) => void logged.push(`${level}: ${message}`),
    ...options,
  });
  onTestFinished(() => runtime.close({ deadlineMs: 0 }));
  return Object.assign(runtime, { logged });
}

/** The same object with some members replaced: how a test makes one part of a real binder fail. */
export function override<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Lets everything that is due on the event loop run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A promise with its settling functions, for handlers that a test holds up. */
export const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();
