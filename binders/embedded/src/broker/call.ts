import type { Answer, Ask, OperationName } from '../wire/protocol.ts';
import type { Session } from './session.ts';

/** A question of a client, to be answered exactly once, now or later. */
export interface Call<Name extends OperationName> {
  readonly session: Session;
  readonly ask: Ask<Name>;
  /** Bytes of the question; never written to again, so they may be kept, unless they are released. */
  readonly body: Uint8Array;
  /** Numbers operations that must not be done twice; absent where the connection cannot be lost. */
  readonly sequence?: number | undefined;
  answer(meta: Answer<Name>, body?: Uint8Array | readonly Uint8Array[]): void;
  /** Like {@link answer}, when something else goes to this client anyway or a moment later: for answers that nobody waits for. */
  answerLater(meta: Answer<Name>): void;
  /** Like {@link answer}, with memory that nobody here uses any more: it may be passed on as it is. */
  give(meta: Answer<Name>, body: readonly Uint8Array[]): void;
  /** The body is not used here any more. To be called before the answer, so that it saves the client memory of its own. */
  release(): void;
  fail(error: unknown): void;
  /** What to do when the client gives up waiting or goes away. */
  onCancel(task: () => void): void;
}

/** What answers one operation. A handler that throws fails its call. */
export type Handler<Name extends OperationName> = (call: Call<Name>) => void;

export type Handlers<Names extends OperationName> = { readonly [Name in Names]: Handler<Name> };
