import { DslError } from '../errors.ts';
import { lex, type Dialect, type Token, type TokenKind } from '../lexing/lexer.ts';

/** What stands before the cursor, cut into tokens as far as that is possible. */
export interface Prefix {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Where the last token starts and the cursor is still in it, or where a new one would start. */
  readonly wordStart: number;
  /** The part of the last token before the cursor; empty where a new one would start. */
  readonly word: string;
}

/**
 * Cuts the text before the cursor into tokens. A value with an open quote, and a single `-`, count as words that are being typed;
 * `undefined` where the text cannot be understood at all.
 */
export function readPrefix(text: string, dialect: Dialect): Prefix | undefined {
  try {
    return withWord(text, lex(text, dialect));
  } catch (error) {
    if (!(error instanceof DslError)) throw error;
    return isUnfinished(error, text) ? openWord(text, error.position, dialect) : undefined;
  }
}

function isUnfinished(error: DslError, text: string): boolean {
  if (error.codeName === 'MISSING_CHARACTER') return error.position === text.length - 1;
  return error.codeName === 'NON_TERMINATING_QUOTED_STRING' || error.codeName === 'NON_TERMINATING_DOUBLE_QUOTED_STRING';
}

function openWord(text: string, position: number, dialect: Dialect): Prefix | undefined {
  const before = readPrefix(text.slice(0, position), dialect);
  return before === undefined ? undefined : { text, tokens: before.tokens, wordStart: position, word: text.slice(position) };
}

function withWord(text: string, tokens: readonly Token[]): Prefix {
  const last = tokens.at(-1);
  const isWord = last !== undefined && last.end === text.length && (last.kind === 'identifier' || last.kind === 'string');
  if (!isWord) return { text, tokens, wordStart: text.length, word: '' };
  return { text, tokens: tokens.slice(0, -1), wordStart: last.start, word: last.text };
}

/** The tokens after the last one of these kinds, and that one. */
export function afterLast(
  tokens: readonly Token[],
  kinds: ReadonlySet<TokenKind>,
): { readonly mark?: Token; readonly rest: readonly Token[] } {
  const index = tokens.findLastIndex((token) => kinds.has(token.kind));
  return index < 0 ? { rest: tokens } : { mark: tokens[index]!, rest: tokens.slice(index + 1) };
}
