import { didYouMean } from '@millrace/core';
import { eventStream } from '@millrace/messaging';
import type { Millrace } from '@millrace/messaging';
import { raise } from './errors.ts';

/**
 * Fails when there is no such destination, with what may have been meant, instead of waiting for ever at something misspelt or creating
 * it. `kind` asks for one of that kind.
 */
export async function checkDestination(mr: Millrace, name: string, kind?: 'region'): Promise<void> {
  const { provisioner } = await mr.binder(eventStream(name));
  const found = await provisioner.describe(name);
  if (found !== undefined && (kind === undefined || found.kind === kind)) return;
  const all = await provisioner.list();
  const names = all.filter((other) => kind === undefined || other.kind === kind).map((other) => other.name);
  throw raise('UNKNOWN_DESTINATION', { kind: kind ?? 'destination', name, hint: didYouMean(name, names) });
}

/** Whether a destination is bookkeeping of ours, which lists leave out. */
export function isInternal(name: string): boolean {
  return /^(?:millrace[-.]|__millrace_)/.test(name);
}
