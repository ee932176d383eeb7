import { readArguments } from '../lexing/arguments.ts';
import type { Token, TokenKind } from '../lexing/lexer.ts';
import type { TokenReader } from '../lexing/reader.ts';
import type { DestinationNode } from './ast.ts';

const components: ReadonlySet<TokenKind> = new Set(['identifier', '*', '/', '#']);

// Tokens that may touch a destination name because they cannot be meant as a part of it.
const neighbours: ReadonlySet<TokenKind> = new Set(['>', '|', '||', '\n', ';', '&', '--']);

/** Reads `:name` with its arguments, if the current token is a colon. Throws codes 111, 112, 119, 139 and 171. */
export function readDestination(reader: TokenReader): DestinationNode | undefined {
  if (!reader.at(':')) return undefined;
  const colon = reader.next("':'");
  const first = reader.peek();
  if (first === undefined) throw reader.fail('OOD', colon.start, { expected: 'a destination name' });
  if (!components.has(first.kind)) throw reader.failAt('UNEXPECTED_DATA_IN_DESTINATION_NAME', first);
  reader.position++;
  let name = first.text + readComponents(reader);
  while (reader.at('.')) name += readDot(reader) + readComponents(reader);
  const last = reader.peek(-1)!;
  rejectStranger(reader);
  return Object.freeze({ name, start: first.start, end: last.end, args: readArguments(reader) });
}

function readComponents(reader: TokenReader): string {
  let name = '';
  for (let token = reader.peek(); token !== undefined && isPart(reader, token); token = reader.peek()) {
    name += token.text;
    reader.position++;
  }
  return name;
}

function isPart(reader: TokenReader, token: Token): boolean {
  return reader.adjacent && components.has(token.kind);
}

function readDot(reader: TokenReader): string {
  const dot = reader.peek()!;
  if (!reader.adjacent) throw reader.failAt('NO_WHITESPACE_IN_DESTINATION_DEFINITION', dot);
  reader.position++;
  const after = reader.peek();
  const continues = after !== undefined && reader.adjacent && (after.kind === '.' || components.has(after.kind));
  if (!continues) throw reader.failAt('NO_WHITESPACE_IN_DESTINATION_DEFINITION', after ?? dot);
  return '.';
}

// The original crashes on any token that touches the name; `:orders>ledger` is what users write, `:a:b` is a mistake.
function rejectStranger(reader: TokenReader): void {
  const next = reader.peek();
  if (next !== undefined && reader.adjacent && !neighbours.has(next.kind)) {
    throw reader.failAt('UNEXPECTED_DATA_IN_DESTINATION_NAME', next);
  }
}
