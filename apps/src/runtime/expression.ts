import type { AppMessage } from './message.ts';

/** An expression over messages. */
export interface CompiledExpression {
  readonly text: string;
  /** Its value for a message; throws `INVALID_ARGUMENT` where it has none. */
  evaluate(message: AppMessage): unknown;
}

import { appError } from '../errors.ts';
export function compileExpression(text: string, option: string, app: string): CompiledExpression {
  throw appError('EXPRESSION_INVALID', { option, app, problem: text });
}
