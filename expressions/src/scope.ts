import { ExpressionError } from './errors.ts';
import type { Span } from './errors.ts';
import type { Limits } from './limits.ts';
import { notJson, parseJson } from './values.ts';

/** Parses a text as JSON, or answers the `notJson` mark. */
export type JsonParser = (text: string) => unknown;

/** What one evaluation has at hand. `self` is what `#this` means at the moment. */
export class Scope {
  readonly root: unknown;
  self: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly #parse: JsonParser;
  readonly #limits: Limits;
  #steps = 0;
  #built = 0;
  #lastText: string | undefined;
  #lastValue: unknown;

  constructor(root: unknown, variables: Readonly<Record<string, unknown>>, parse: JsonParser, limits: Limits) {
    this.root = root;
    this.self = root;
    this.variables = variables;
    this.#parse = parse;
    this.#limits = limits;
  }

  /** The text as JSON. The last text is remembered: expressions mostly ask one payload for several fields. */
  json(text: string, expression: string, span: Span): unknown {
    if (text !== this.#lastText) {
      this.spend(stepsOf(text), expression, span);
      this.#lastValue = this.#parse(text);
      this.#lastText = text;
    }
    return this.#lastValue;
  }

  /** Counts `count` units of work done for a part of the expression. */
  spend(count: number, text: string, span: Span): void {
    this.#steps += count;
    if (this.#steps > this.#limits.steps)
      throw new ExpressionError('LIMIT', text, span, { limit: this.#limits.steps, unit: 'steps' });
  }

  /** Checks a text before it is built. */
  room(length: number, text: string, span: Span): void {
    const { resultLength, builtLength } = this.#limits;
    if (length > resultLength) throw new ExpressionError('LIMIT', text, span, { limit: resultLength, unit: 'characters' });
    if (this.#built + length > builtLength)
      throw new ExpressionError('LIMIT', text, span, { limit: builtLength, unit: 'characters of all texts' });
  }

  /** Counts a text that was built. */
  built(value: string, text: string, span: Span): void {
    this.room(value.length, text, span);
    this.#built += value.length;
  }
}

/** What going once through a text costs. */
export function stepsOf(text: string): number {
  return 1 + (text.length >> 8);
}

export { notJson, parseJson };
