import { MillraceError } from '@millrace/core';

/** The offsets that a read failed at because they are damaged; `undefined` for every other error. */
export function lostRange(error: unknown): { readonly from: number; readonly to: number } | undefined {
  if (!(error instanceof MillraceError) || error.reason !== 'OFFSETS_LOST') return undefined;
  const { from, to } = error.details as { readonly from: number; readonly to: number };
  return { from, to };
}
