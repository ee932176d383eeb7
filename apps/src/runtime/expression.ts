import type { Headers } from '@millrace/messaging/binder';
import { compile, notJson, parseJson, Real, stringify, toJs } from '@millrace/expressions';
import type { EvaluateOptions, Expression } from '@millrace/expressions';
import { messageOf, MillraceError } from '@millrace/core';
import { appError } from '../errors.ts';
import type { AppMessage, MessageParts } from './message.ts';

/** An expression over messages. */
export interface CompiledExpression {
  readonly text: string;
  /** Its value for a message, as plain JavaScript. Throws the errors of `@millrace/expressions`. */
  evaluate(message: AppMessage): unknown;
  /** The value as the language has it, in which `5.0` is not `5`. */
  raw(message: AppMessage): unknown;
}

/**
 * A value of an expression as the payload of a message. What holds whole doubles becomes JSON text, as it would be after a broker: plain
 * JavaScript has no `5.0`.
 */
export function payloadParts(raw: unknown): MessageParts & { readonly payload: unknown } {
  return holdsWholeDouble(raw) ? { payload: stringify(raw), contentType: 'application/json' } : { payload: toJs(raw) };
}

function holdsWholeDouble(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (value instanceof Real) return true;
  const items = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : Object.values(value);
  return items.some(holdsWholeDouble);
}

const rootNames = ['payload', 'headers'];

/** Compiles the text of an option. Raises `EXPRESSION_INVALID` (`INVALID_ARGUMENT`) with the position in the text. */
export function compileExpression(text: string, option: string, app: string): CompiledExpression {
  try {
    return new MessageExpression(compile(text, { rootNames }));
  } catch (error) {
    const facts = error instanceof MillraceError ? error.details : {};
    throw appError('EXPRESSION_INVALID', { ...facts, option, app, problem: messageOf(error) }, error);
  }
}

/** Evaluates over messages; JSON text in a payload is parsed once for all expressions that look at the same message. */
class MessageExpression implements CompiledExpression {
  readonly text: string;
  readonly #expression: Expression;
  readonly #usesHeaders: boolean;
  readonly #needsFacts: boolean;
  readonly #wholePayload: boolean;
  // Evaluation is synchronous, so one root and one set of options serve all messages, one after the other.
  readonly #root: { payload: unknown; headers: Headers } = { payload: undefined, headers: {} };
  readonly #options: EvaluateOptions;
  #message: AppMessage | undefined;

  constructor(expression: Expression) {
    this.text = expression.text;
    this.#expression = expression;
    this.#usesHeaders = usesHeaders(expression);
    this.#needsFacts = needsFacts(expression);
    this.#wholePayload = seesWholePayload(expression);
    this.#options = {
      parseJson: (text) => (text === this.#root.payload ? this.#payload() : parseJson(text)),
    };
  }

  evaluate(message: AppMessage): unknown {
    return toJs(this.raw(message));
  }

  raw(message: AppMessage): unknown {
    this.#message = message;
    // A value is seen as the JSON text that it would be after a broker, so that neighbours in one process make no difference.
    this.#root.payload = this.#wholePayload && isValue(message.payload) ? message.text() : message.payload;
    if (this.#usesHeaders) this.#root.headers = this.#needsFacts ? withFacts(message) : message.headers;
    return this.#expression.evaluateRaw(this.#root, this.#options);
  }

  #payload(): unknown {
    if (this.#expression.exactNumbers) return this.#message!.exactJson();
    const value = this.#message!.json();
    return value === undefined ? notJson : value;
  }
}

/** An expression that names these may reach anything. */
const wholeRoot = /#(?:root|this)\b/;

/** Headers that every Spring message has and ours keep beside the headers. */
const facts = ['contentType', 'id', 'timestamp'] as const;

function usesHeaders({ references, text }: Expression): boolean {
  return references.some((path) => path === 'headers' || path.startsWith('headers.')) || wholeRoot.test(text);
}

function needsFacts({ references }: Expression): boolean {
  return references.some((path) => path === 'headers' || facts.some((fact) => path === `headers.${fact}`));
}

/** Whether the payload is used other than by reading its fields. */
function seesWholePayload({ references, text }: Expression): boolean {
  return references.includes('payload') || wholeRoot.test(text);
}

function isValue(payload: unknown): boolean {
  return payload !== null && typeof payload !== 'string' && !(payload instanceof Uint8Array);
}

function withFacts({ headers, contentType, id, timestamp }: AppMessage): Headers {
  return { contentType, id, timestamp, ...headers };
}
