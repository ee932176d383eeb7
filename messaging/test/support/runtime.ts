import { ManualClock } from '@millrace/core';
import type { Binder } from '../../src/binder/index.ts';
import { createRuntime } from '../../src/index.ts';
import type { Log, Millrace, RuntimeOptions } from '../../src/index.ts';

/** One line that a runtime logged. */
export interface Logged {
  readonly level: string;
  readonly message: string;
}

/** A runtime over one binder, on a clock that stands still. */
export function runtimeOn(
  binder: Binder,
  clock: ManualClock,
  options: Partial<RuntimeOptions> = {},
): { mr: Millrace; logged: Logged[] } {
  const logged: Logged[] = [];
  const log: Log = (level, message) => void logged.push({ level, message });
  const binders = (): Promise<Binder> => Promise.resolve(binder);
  const mr = createRuntime({ binders, defaultBinder: binder.name, clock, log, handleSignals: false, name: 'test', ...options });
  return { mr, logged };
}

/** Waits, without moving any clock, until something is so; fails after about a thousand turns of the event loop. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it never happened that ${what}`);
}
