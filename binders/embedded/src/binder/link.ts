import { MillraceError, messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { Answered, Ask, OperationName } from '../wire/protocol.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Something attached to the broker that has to be attached again after each new connection, before calls that waited for it. */
export interface Renewal {
  /** Attaches it again, through the link given. */
  attach(link: Link): Promise<void>;
  /** It could not be attached again, for its own reason: it is gone for good. */
  failed(error: unknown): void;
}

/** The way to the broker, wherever it runs. Every call settles. */
export interface Link {
  call<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body?: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<Answered<Name>>;
  /** Registers something attached to the broker; returns how to take that back. */
  onRenewed(renewal: Renewal): () => void;
  close(): Promise<void>;
}

/** Anything thrown, as the one error class. */
export function asMillraceError(error: unknown): MillraceError {
  return error instanceof MillraceError ? error : raise('UNEXPECTED', { what: messageOf(error) }, error);
}

/** The parts as one; copied only where there are several. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
