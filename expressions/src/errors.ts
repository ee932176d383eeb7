import { errorTable, MillraceError } from '@millrace/core';

/** Every way in which an expression can be wrong: when it is defined (`INVALID_ARGUMENT`) or for the message at hand (`FAILED_PRECONDITION`). */
export const raise = errorTable({
  SYNTAX: { code: 'INVALID_ARGUMENT', message: "expected {expected} but found {found} at position {position} of '{text}'" },
  UNTERMINATED: {
    code: 'INVALID_ARGUMENT',
    message: "the text that begins at position {position} of '{text}' has no closing {quote}",
  },
  BAD_NUMBER: { code: 'INVALID_ARGUMENT', message: "'{found}' at position {position} of '{text}' is no number that Java can hold" },
  TOO_LARGE: { code: 'INVALID_ARGUMENT', message: 'the expression has more than {limit} {unit}; shorten it' },
  UNKNOWN_METHOD: { code: 'INVALID_ARGUMENT', message: "there is no method '{name}()' at position {position} of '{text}'{hint}" },
  UNKNOWN_FUNCTION: {
    code: 'INVALID_ARGUMENT',
    message: "there is no function '#{name}' at position {position} of '{text}'; there is #jsonPath(value, path)",
  },
  UNKNOWN_TYPE: {
    code: 'INVALID_ARGUMENT',
    message: "type '{name}' at position {position} of '{text}' cannot be used; allowed are {allowed}",
  },
  UNKNOWN_STATIC: {
    code: 'INVALID_ARGUMENT',
    message: "'{name}' at position {position} of '{text}' is not among what {type} offers: {allowed}",
  },
  ARGUMENTS: {
    code: 'INVALID_ARGUMENT',
    message: "'{name}' at position {position} of '{text}' takes {expected} argument(s), not {found}",
  },
  NOT_ALLOWED: {
    code: 'INVALID_ARGUMENT',
    message:
      "{what} at position {position} of '{text}' is not supported, because expressions cannot reach or change the host; {next}",
  },
  BAD_PATTERN: { code: 'INVALID_ARGUMENT', message: "the regular expression '{pattern}' cannot be used: {problem}" },
  BAD_PATH: { code: 'INVALID_ARGUMENT', message: "the JSON path '{path}' is wrong at its position {at}: {problem}" },
  UNKNOWN_NAME: {
    code: 'INVALID_ARGUMENT',
    message: "there is no '{name}' at position {position} of '{text}'; there is {known}{hint}",
  },
  NULL_TARGET: { code: 'FAILED_PRECONDITION', message: "'{sub}' asks for '{name}' of null; use '?.' where null is possible" },
  NO_PROPERTY: { code: 'FAILED_PRECONDITION', message: "'{sub}' asks for '{name}' of {type}, which has no such property{hint}" },
  NO_METHOD: { code: 'FAILED_PRECONDITION', message: "'{sub}' calls '{name}()' on {type}, which has no such method" },
  BAD_INDEX: { code: 'FAILED_PRECONDITION', message: "'{sub}' asks for index {index} of {type}" },
  OPERANDS: {
    code: 'FAILED_PRECONDITION',
    message: "'{sub}' applies '{operator}' to {left} and {right}, which do not go together",
  },
  OPERAND: { code: 'FAILED_PRECONDITION', message: "'{sub}' needs {expected}, not {found}" },
  DIVISION_BY_ZERO: { code: 'FAILED_PRECONDITION', message: "'{sub}' divides by zero" },
  PATH_NOT_FOUND: { code: 'FAILED_PRECONDITION', message: "'{sub}' finds nothing at {path}" },
  NOT_JSON: { code: 'FAILED_PRECONDITION', message: "'{sub}' needs JSON, but the text is none" },
  LIMIT: { code: 'RESOURCE_EXHAUSTED', message: "'{sub}' exceeds the limit of {limit} {unit} for one evaluation" },
});

/** A part of an expression's text: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

type Reason = keyof typeof raise.table;

/** An error of an expression, with where in its text it arose. */
export class ExpressionError extends MillraceError {
  override readonly name = 'ExpressionError';
  /** The whole expression. */
  readonly text: string;
  /** Index into `text`. */
  readonly position: number;
  /** What was found and what was expected there, for syntax errors. */
  readonly found: string | undefined;
  readonly expected: string | undefined;
  /** The part whose evaluation failed. */
  readonly subExpression: string;

  constructor(reason: Reason, text: string, span: Span, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    const sub = text.slice(span.start, span.end);
    const facts = { ...details, sub: shorten(sub), position: span.start, text: shorten(text) };
    const made = raise(reason, facts as never, cause);
    super(made.message, { code: made.code, reason, details: facts, cause });
    this.text = text;
    this.position = span.start;
    this.found = details['found'] as string | undefined;
    this.expected = details['expected'] as string | undefined;
    this.subExpression = sub;
  }

  /** The expression with a caret under the position, on two lines. */
  caret(): string {
    const before = this.text.slice(0, this.position);
    const line = before.lastIndexOf('\n') + 1;
    const end = this.text.indexOf('\n', this.position);
    return `${this.text.slice(line, end === -1 ? undefined : end)}\n${' '.repeat(this.position - line)}^`;
  }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
