import type { AppMessage } from './message.ts';

/** An expression over messages. */
export interface CompiledExpression {
  readonly text: string;
  /** Its value for a message; throws `INVALID_ARGUMENT` where it has none. */
  evaluate(message: AppMessage): unknown;
}
