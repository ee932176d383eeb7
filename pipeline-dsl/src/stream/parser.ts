import { dslError } from '../errors.ts';
import { readArguments, type LabelNode } from '../lexing/arguments.ts';
import { isDefinitionName } from '../lexing/characters.ts';
import { lex, type Token } from '../lexing/lexer.ts';
import { TokenReader } from '../lexing/reader.ts';
import { labelOf, type StreamAppNode, type StreamNode } from './ast.ts';
import { readDestination } from './destinations.ts';
import { streamDialect } from './dialect.ts';

/** What is known about a stream beside its text. */
export interface StreamOptions {
  /** The name given outside the text; a name inside the text is then checked and ignored. */
  readonly name?: string;
}

/**
 * Parses one stream definition: apps joined with `|` or `||`, labels, options, named destinations at the ends.
 * Accepts what Spring Cloud Data Flow accepts, with the same meaning, and `:a>b` beside `:a > b`.
 * Throws a `DslError` with SCDF's code and position for everything else.
 */
export function parseStream(text: string, options: StreamOptions = {}): StreamNode {
  const reader = new TokenReader(text, lex(text, streamDialect));
  const ownName = readOwnName(reader);
  const source = readSource(reader);
  const bridge = source !== undefined && reader.at(':') && !hasPipe(reader, reader.position);
  const apps = bridge ? [bridgeApp(reader)] : readApps(reader, source !== undefined);
  const unbound = source === undefined && !reader.at('>') && !hasPipe(reader);
  const sink = readSink(reader, bridge);
  rejectRest(reader);
  checkName(ownName);
  checkName(options.name);
  checkLabels(text, apps);
  const name = options.name ?? ownName;
  return Object.freeze({
    text,
    ...(name === undefined ? {} : { name }),
    ...(ownName === undefined ? {} : { ownName }),
    ...(source === undefined ? {} : { source }),
    apps: Object.freeze(apps),
    ...(sink === undefined ? {} : { sink }),
    unbound,
  });
}

function readOwnName(reader: TokenReader): string | undefined {
  if (reader.peek(1)?.kind !== '=') return undefined;
  const name = reader.peek()!;
  if (name.kind !== 'identifier') throw reader.failAt('ILLEGAL_STREAM_NAME', name);
  reader.position += 2;
  return name.text;
}

// A destination at the start is only looked for if a '>' comes before the first '|'.
function readSource(reader: TokenReader) {
  const mark = reader.tokens.slice(reader.position).find((token) => token.kind === '>' || token.kind === '|');
  if (mark?.kind !== '>') return undefined;
  const destination = readDestination(reader);
  if (destination !== undefined) reader.expect('>', "'>' after the destination");
  return destination;
}

function readSink(reader: TokenReader, bridge: boolean) {
  if (!bridge && !reader.skip('>')) return undefined;
  if (reader.peek() === undefined) throw reader.fail('OOD', reader.text.length, { expected: 'a destination' });
  return readDestination(reader);
}

function hasPipe(reader: TokenReader, from = 0): boolean {
  return reader.tokens.some((token, index) => index >= from && token.kind === '|');
}

function bridgeApp(reader: TokenReader): StreamAppNode {
  const { start, end } = reader.peek(-1)!;
  return Object.freeze({ name: 'bridge', args: Object.freeze([]), start, end });
}

function readApps(reader: TokenReader, hasSource: boolean): StreamAppNode[] {
  const apps = [readApp(reader)];
  let joint: Token | undefined;
  for (let next = reader.peek(); next?.kind === '|' || next?.kind === '||'; next = reader.peek()) {
    if (next.kind === '||' && hasSource) throw reader.failAt('DONT_USE_DOUBLEPIPE_WITH_CHANNELS', next);
    if (joint !== undefined && joint.kind !== next.kind) throw reader.failAt('DONT_MIX_PIPE_AND_DOUBLEPIPE', next);
    joint = next;
    reader.position++;
    apps.push(readApp(reader));
  }
  if (joint?.kind === '||' && reader.at('>')) throw reader.failAt('DONT_USE_DOUBLEPIPE_WITH_CHANNELS', joint);
  return apps;
}

function readApp(reader: TokenReader): StreamAppNode {
  if (reader.at(':') && reader.tokens.length === 1) {
    throw reader.failAt('EXPECTED_STREAM_NAME_AFTER_LABEL_COLON', reader.peek()!);
  }
  let name = reader.next('an app name');
  if (name.kind !== 'identifier') throw reader.failAt('EXPECTED_APPNAME', name);
  let label: LabelNode | undefined;
  if (reader.at(':') && reader.adjacent) {
    label = Object.freeze({ name: name.text, start: name.start, end: name.end });
    name = readLabelledName(reader);
  }
  reader.checkpoint();
  const start = label?.start ?? name.start;
  const args = readArguments(reader);
  const end = args.at(-1)?.end ?? name.end;
  return Object.freeze({ name: name.text, ...(label === undefined ? {} : { label }), args, start, end });
}

function readLabelledName(reader: TokenReader): Token {
  reader.position++;
  if (reader.adjacent) throw reader.failAt('EXPECTED_WHITESPACE_AFTER_LABEL_COLON', reader.peek()!);
  const name = reader.expect('identifier', 'an app name after the label');
  if (reader.at(':') && reader.adjacent) throw reader.failAt('NO_DOUBLE_LABELS', name);
  return name;
}

function rejectRest(reader: TokenReader): void {
  const rest = reader.peek();
  if (rest === undefined) return;
  const afterArrow = reader.peek(-1)?.kind === '>';
  throw reader.failAt(afterArrow ? 'EXPECTED_DESTINATION_PREFIX' : 'UNEXPECTED_DATA_AFTER_STREAMDEF', rest);
}

function checkName(name: string | undefined): void {
  if (name !== undefined && !isDefinitionName(name)) {
    throw dslError('ILLEGAL_STREAM_NAME', { text: name, position: 0 }, { found: name });
  }
}

function checkLabels(text: string, apps: readonly StreamAppNode[]): void {
  const seen = new Map<string, number>();
  for (const [index, app] of apps.entries()) {
    const label = labelOf(app);
    const first = seen.get(label);
    if (first !== undefined) {
      throw dslError('DUPLICATE_LABEL', { text, position: app.start }, { found: label, first: first + 1, second: index + 1 });
    }
    seen.set(label, index);
  }
}
