import { MillraceError, messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { Answered, Ask, OperationName } from '../wire/protocol.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The way to the broker, wherever it runs. Every call settles. */
export interface Link {
  call<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body?: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<Answered<Name>>;
  /**
   * Called after each new connection to a broker: what was attached has to be attached again, through the link given. Calls that
   * waited for the connection are made when all tasks are done.
   */
  onRenewed(task: (link: Link) => Promise<void>): () => void;
  close(): Promise<void>;
}

/** Anything thrown, as the one error class. */
export function asMillraceError(error: unknown): MillraceError {
  return error instanceof MillraceError ? error : raise('unexpected', { what: messageOf(error) }, error);
}

/** The parts as one; copied only where there are several. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
