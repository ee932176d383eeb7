import type { TokenReader } from './reader.ts';
import { unquote } from './values.ts';

/** One `--name=value`; `value` is without the quotes that enclosed it. */
export interface ArgumentNode {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A label in front of an app or split. */
export interface LabelNode {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const none: readonly ArgumentNode[] = Object.freeze([]);

/** Reads the `--name=value` that follow a name. Throws codes 101, 102, 103, 105, 111, 112, 119 and 145. */
export function readArguments(reader: TokenReader): readonly ArgumentNode[] {
  if (!reader.at('--')) return none;
  if (reader.adjacent) throw reader.failAt('EXPECTED_WHITESPACE_AFTER_APP_BEFORE_ARGUMENT', reader.peek()!);
  const found: ArgumentNode[] = [];
  while (reader.at('--')) found.push(readArgument(reader));
  return Object.freeze(found);
}

function readArgument(reader: TokenReader): ArgumentNode {
  const { start } = reader.next("'--'");
  if (reader.at('identifier') && !reader.adjacent) throw reader.failAt('NO_WHITESPACE_BEFORE_ARG_NAME', reader.peek()!);
  const name = readDottedName(reader);
  if (reader.at('=') && !reader.adjacent) throw reader.failAt('NO_WHITESPACE_BEFORE_ARG_EQUALS', reader.peek()!);
  reader.expect('=', "'='");
  if (reader.at('identifier') && !reader.adjacent) throw reader.failAt('NO_WHITESPACE_BEFORE_ARG_VALUE', reader.peek()!);
  const token = reader.next('an option value');
  if (token.kind !== 'identifier' && token.kind !== 'string') throw reader.failAt('EXPECTED_ARGUMENT_VALUE', token);
  reader.checkpoint();
  return Object.freeze({ name, value: token.kind === 'string' ? unquote(token.text) : token.text, start, end: token.end });
}

function readDottedName(reader: TokenReader): string {
  let name = reader.expect('identifier', 'an option name').text;
  while (reader.at('.')) {
    if (!reader.adjacent) throw reader.failAt('NO_WHITESPACE_IN_DOTTED_NAME', reader.peek()!);
    reader.position++;
    if (reader.at('identifier') && !reader.adjacent) throw reader.failAt('NO_WHITESPACE_IN_DOTTED_NAME', reader.peek()!);
    name += `.${reader.expect('identifier', 'the rest of the option name').text}`;
  }
  return name;
}

/** Arguments as a record in the order of their first mention; of a repeated name the last value wins. */
export function argumentsRecord(args: readonly ArgumentNode[]): Readonly<Record<string, string>> {
  return Object.fromEntries(args.map(({ name, value }) => [name, value]));
}
