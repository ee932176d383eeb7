import type { OutboundMessage, SendOutcome } from '@millrace/messaging/binder';
import type { MillraceError } from '@millrace/core';
import { problemOf } from '../client/translate.ts';
import { raise } from '../errors.ts';
import { encode } from '../messages/encode.ts';
import type { EncodedMessage } from '../messages/encode.ts';

/** A message for the wire, or why it cannot be one. */
export type Prepared =
  | { readonly message: EncodedMessage; readonly error?: undefined }
  | { readonly message?: undefined; readonly error: MillraceError };

/** Encodes within the limit. */
export function prepare(message: OutboundMessage, destination: string, limit: number, isStream = false): Prepared {
  const size = message.payload?.length ?? 0;
  if (size > limit) return { error: raise('MESSAGE_TOO_LARGE', { size, limit }) };
  try {
    return { message: encode(message, isStream) };
  } catch (error) {
    return { error: raise('MESSAGE_INVALID', { destination, problem: problemOf(error) }, error) };
  }
}

export function outcomeOf(error: MillraceError | undefined, partition?: number): SendOutcome {
  return error === undefined ? { partition } : { error };
}
