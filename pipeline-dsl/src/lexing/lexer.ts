import { dslError } from '../errors.ts';
import { characterAt, code, endsValue, isIdentifierPart, isWhitespace } from './characters.ts';
import { readQuoted, readValue } from './values.ts';

/** Punctuation stands for itself; `identifier` and `string` (with its quotes) carry text. */
export type TokenKind = 'identifier' | 'string' | Symbols;
type Symbols = '--' | '->' | '=' | '&' | '&&' | '|' | '||' | '.' | '<' | '>' | ':' | '/' | '#' | '*' | ';' | '@' | '(' | ')' | '\n';

/** A piece of a definition: `[start, end)` in characters of the text. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What the stream and the task language lex differently. */
export interface Dialect {
  /** The symbol that starts at `position`; throws for a character that the language does not know. */
  symbolAt(text: string, position: number): Symbols;
  startsIdentifier(character: number): boolean;
  /** Whether an identifier ends before a `->`. */
  readonly arrows: boolean;
  /** Whether line feeds are tokens. */
  readonly lines: boolean;
}

/** Cuts a whole definition into tokens. Throws codes 105, 106, 107, 108 and those of the dialect. */
export function lex(text: string, dialect: Dialect): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text.charCodeAt(position);
    if (isSkipped(character, dialect)) position++;
    else {
      const token = tokenAt(text, position, character, dialect);
      tokens.push(token);
      position = token.end;
      if (token.kind !== '=') continue;
      const value = valueAt(text, position);
      if (value === undefined) continue;
      tokens.push(value);
      position = value.end;
    }
  }
  return tokens;
}

// NUL counts as blank because the original uses it as its end mark.
function isSkipped(character: number, dialect: Dialect): boolean {
  return character === code.nul || (isWhitespace(character) && !(dialect.lines && character === code.lineFeed));
}

function tokenAt(text: string, start: number, character: number, dialect: Dialect): Token {
  if (dialect.startsIdentifier(character)) {
    const end = identifierEnd(text, start, dialect.arrows);
    return { kind: 'identifier', text: text.slice(start, end), start, end };
  }
  if (character === code.singleQuote || character === code.doubleQuote) {
    const end = readQuoted(text, start);
    return { kind: 'string', text: text.slice(start, end), start, end };
  }
  const symbol = dialect.symbolAt(text, start);
  return { kind: symbol, text: symbol, start, end: start + symbol.length };
}

function identifierEnd(text: string, start: number, arrows: boolean): number {
  let end = start + 1;
  while (end < text.length) {
    const character = text.charCodeAt(end);
    if (!isIdentifierPart(character)) break;
    if (arrows && character === code.minus && text.charCodeAt(end + 1) === code.greater) break;
    end++;
  }
  return end;
}

// Right after '=' everything up to the next terminator is one token, so that expressions need no quoting.
function valueAt(text: string, start: number): Token | undefined {
  const character = characterAt(text, start);
  if (character === code.nul || isWhitespace(character)) return undefined;
  if (endsValue(character)) throw dslError('EXPECTED_ARGUMENT_VALUE', { text, position: start }, { found: text[start]! });
  const { end, quoted } = readValue(text, start);
  return { kind: quoted ? 'string' : 'identifier', text: text.slice(start, end), start, end };
}
