import { ExpressionError } from './errors.ts';

/** A token of an expression. `word` covers names and textual operators; `symbol` everything else that has no value. */
export interface Token {
  readonly kind: 'word' | 'text' | 'int' | 'long' | 'real' | 'hex' | 'symbol' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const symbols = [
  '?.!',
  '?.?',
  '?.^',
  '?.$',
  '.?[',
  '.![',
  '.^[',
  '.$[',
  '?.',
  '?:',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '++',
  '--',
];
const single = '+-*/%^<>=!?:.,()[]{}#@&|';
const space = /\s*/y;
const word = /[\p{ID_Start}_$][\p{ID_Continue}$]*/uy;
const hexadecimal = /0[xX]([0-9a-fA-F]+)[lL]?/y;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[lLfFdD]?/y;

/** Splits an expression into tokens. Linear in the text. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const token = nextToken(text, at);
    tokens.push(token);
    at = skipSpace(text, token.end);
  }
  tokens.push({ kind: 'end', text: 'the end', start: text.length, end: text.length });
  return tokens;
}

function skipSpace(text: string, at: number): number {
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}

function nextToken(text: string, start: number): Token {
  const char = text[start]!;
  if (char === "'" || char === '"') return quoted(text, start, char);
  if (char >= '0' && char <= '9') return numeric(text, start);
  const name = match(word, text, start);
  if (name !== undefined) return { kind: 'word', text: name, start, end: start + name.length };
  const symbol = symbols.find((candidate) => text.startsWith(candidate, start)) ?? (single.includes(char) ? char : undefined);
  // `?.?[` and its kin are the null-safe forms of `.?[`.
  const long = symbol !== undefined && /^\?\.[!?^$]$/.test(symbol) && text[start + 3] === '[' ? `${symbol}[` : symbol;
  if (long === undefined || /^\?\.[!?^$]$/.test(long)) {
    throw new ExpressionError(
      'SYNTAX',
      text,
      { start, end: start + 1 },
      { expected: 'a value or an operator', found: `'${char}'` },
    );
  }
  return { kind: 'symbol', text: long, start, end: start + long.length };
}

function numeric(text: string, start: number): Token {
  const hex = match(hexadecimal, text, start);
  if (hex !== undefined) return { kind: 'hex', text: hex, start, end: start + hex.length };
  const found = match(number, text, start)!;
  const kind = /[.eEfFdD]/.test(found) ? 'real' : /[lL]$/.test(found) ? 'long' : 'int';
  return { kind, text: found, start, end: start + found.length };
}

function quoted(text: string, start: number, quote: string): Token {
  let value = '';
  let from = start + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close === -1) throw new ExpressionError('UNTERMINATED', text, { start, end: text.length }, { quote });
    value += text.slice(from, close);
    if (text[close + 1] !== quote) return { kind: 'text', text: value, start, end: close + 1 };
    value += quote;
    from = close + 2;
  }
}

function match(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0];
}
