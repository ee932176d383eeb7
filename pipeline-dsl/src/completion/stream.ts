import type { Token, TokenKind } from '../lexing/lexer.ts';
import { streamDialect } from '../stream/dialect.ts';
import { parseStreams } from '../stream/definitions.ts';
import { labelOf } from '../stream/ast.ts';
import type { Catalogue, CatalogueAppType, Proposal } from './catalogue.ts';
import { suggestArguments, type Suggestion } from './options.ts';
import { afterLast, readPrefix, type Prefix } from './prefix.ts';
import { clampCursor, toProposals } from './proposals.ts';

/** Where the cursor is in a definition. */
interface Place {
  readonly prefix: Prefix;
  /** The joint before the part with the cursor. */
  readonly joint: TokenKind | undefined;
  /** The tokens of that part, without the word that is being typed. */
  readonly part: readonly Token[];
  readonly first: boolean;
  readonly afterSource: boolean;
  /** What follows the cursor, up to the end of the line. */
  readonly rest: string;
  readonly catalogue: Catalogue;
}

const joints: ReadonlySet<TokenKind> = new Set(['|', '||', '>', '\n']);

/**
 * Ways to go on at the cursor of a stream definition (or of the line of several): apps of the type that fits there, their options
 * that are not used yet, the values of boolean and enumerated options, destinations, and taps on the streams of the other lines.
 * Positions count in `text`. Never throws, whatever the text; without an idea the answer is empty.
 */
export function completeStream(text: string, cursor: number, catalogue: Catalogue): Proposal[] {
  const at = clampCursor(text, cursor);
  const prefix = readPrefix(text.slice(0, at), streamDialect);
  if (prefix === undefined) return [];
  const rest = text.slice(at).split('\n')[0]!;
  return toProposals(text, at, suggest(placeOf(prefix, rest, catalogue), text));
}

function placeOf(prefix: Prefix, rest: string, catalogue: Catalogue): Place {
  const { rest: tokens } = afterLast(prefix.tokens, new Set<TokenKind>(['\n']));
  const named = tokens[1]?.kind === '=' ? tokens.slice(2) : tokens;
  const { mark, rest: part } = afterLast(named, joints);
  const parts = named.filter((token) => joints.has(token.kind));
  const afterSource = named[0]?.kind === ':' && parts[0]?.kind === '>';
  const first = mark === undefined || (afterSource && parts.length === 1);
  return { prefix, joint: mark?.kind, part, first, afterSource, rest: rest.trimStart(), catalogue };
}

function suggest(place: Place, text: string): Suggestion[] {
  const { part, prefix } = place;
  const isDestination = part[0]?.kind === ':';
  if (isDestination) return suggestDestination(place, text);
  const named = part[1]?.kind === ':' ? part.slice(2) : part;
  if (named.length > 0) return [...suggestOptions(place, named[0]!.text, named.slice(1)), ...suggestNext(place, named)];
  const isLabel = part.length > 0;
  const apps = expectsDestination(place) ? [] : suggestApps(place, isLabel);
  const destinations = prefix.word === '' && !isLabel ? suggestEnds(place, text) : [];
  return [...apps, ...destinations, ...(prefix.word === '' ? [] : suggestOptions(place, prefix.word, []))];
}

// Behind '>' only the source destination is followed by apps.
function expectsDestination({ joint, first, afterSource }: Place): boolean {
  return joint === '>' && !(first && afterSource);
}

function typesAt({ joint, first, afterSource, rest }: Place): readonly CatalogueAppType[] {
  if (joint === '||' || rest.startsWith('||')) return ['app'];
  const goesOn = rest.startsWith('|') || rest.startsWith('>');
  if (!first || afterSource) return goesOn ? ['processor'] : ['processor', 'sink'];
  return goesOn ? ['source'] : ['source', 'app'];
}

const typeTexts: Readonly<Record<CatalogueAppType, string>> = {
  source: 'a source',
  processor: 'a processor',
  sink: 'a sink',
  app: 'an app without bindings',
  task: 'a task',
};

function suggestApps(place: Place, isLabelled: boolean): Suggestion[] {
  const { prefix, catalogue } = place;
  const types = typesAt(place);
  const taken = labelsBefore(prefix.tokens);
  return catalogue
    .apps()
    .filter((app) => types.includes(app.type) && app.name.startsWith(prefix.word) && app.name !== prefix.word)
    .map((app) => ({
      insert: gap(prefix) + (isLabelled ? app.name : labelled(app.name, taken)),
      from: prefix.wordStart,
      kind: 'app',
      description: app.description ?? typeTexts[app.type],
    }));
}

function gap(prefix: Prefix): string {
  const last = prefix.tokens.at(-1);
  const isTight = last !== undefined && last.end === prefix.wordStart && last.kind !== '\n';
  return isTight ? ' ' : '';
}

/** Labels and names of the apps before the cursor, in its definition. */
function labelsBefore(tokens: readonly Token[]): ReadonlySet<string> {
  const { rest } = afterLast(tokens, new Set<TokenKind>(['\n']));
  const starts = rest.filter((token, index) => token.kind === 'identifier' && isAppStart(rest[index - 1]?.kind));
  return new Set(starts.map((token) => token.text));
}

function isAppStart(before: TokenKind | undefined): boolean {
  return before === undefined || before === '|' || before === '||' || before === '>' || before === '=';
}

function labelled(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}${number}`)) number++;
  return `${name}${number}: ${name}`;
}

function suggestOptions(place: Place, app: string, args: readonly Token[]): Suggestion[] {
  const { catalogue, prefix } = place;
  const options = typesAt(place).flatMap((type) => catalogue.options(app, type));
  const isName = args.length === 0 && prefix.word === app;
  const behindName = isName ? { ...prefix, word: '', wordStart: prefix.text.length } : prefix;
  return suggestArguments({ prefix: behindName, args, options });
}

// Behind a complete app: the next one.
function suggestNext(place: Place, part: readonly Token[]): Suggestion[] {
  const { prefix, catalogue, joint, rest, first, afterSource } = place;
  const isComplete = part.length === 1 || (part.at(-1)!.kind !== '=' && part.at(-1)!.kind !== '--' && hasValue(part));
  if (prefix.word !== '' || !isComplete || rest !== '' || !/\s$/.test(prefix.text)) return [];
  const sinks = catalogue.apps().filter(({ name, type }) => type === 'sink' && name === part[0]!.text);
  const unbound = joint === '||';
  if (sinks.length > 0 && (!first || afterSource)) return [];
  const next = unbound ? ['app'] : ['processor', 'sink'];
  const taken = labelsBefore(prefix.tokens);
  return catalogue
    .apps()
    .filter(({ type }) => next.includes(type))
    .map(({ name, type, description }) => ({
      insert: `${unbound ? '||' : '|'} ${labelled(name, taken)}`,
      from: prefix.text.length,
      kind: 'app',
      description: description ?? typeTexts[type],
    }));
}

function hasValue(part: readonly Token[]): boolean {
  const start = part.findLastIndex((token) => token.kind === '--');
  return part.slice(start).some((token) => token.kind === '=');
}

function destinationsOf({ catalogue }: Place, text: string): string[] {
  const own = parseStreams(text).flatMap(({ node }) => {
    if (node?.name === undefined || node.unbound) return [];
    return node.apps.slice(0, -1).map((app) => `${node.name}.${labelOf(app)}`);
  });
  return [...new Set([...(catalogue.destinations?.() ?? []), ...own])];
}

// At the start of a part: a destination with its colon.
function suggestEnds(place: Place, text: string): Suggestion[] {
  if (!(place.first && place.joint === undefined) && place.joint !== '>') return [];
  const { prefix } = place;
  return destinationsOf(place, text).map((name) => ({
    insert: `${gap(prefix)}:${name}`,
    from: prefix.wordStart,
    kind: 'destination',
  }));
}

function suggestDestination(place: Place, text: string): Suggestion[] {
  const { part, prefix, first, joint } = place;
  const from = part[0]!.end;
  const typed = prefix.text.slice(from);
  const args = part.findIndex((token) => token.kind === '--');
  if (args >= 0 || /\s\S*$/.test(typed.trimStart())) {
    const atStart = first && joint === undefined;
    if (!atStart) return [];
    const group = { name: 'group', description: 'the consumer group; default: the name of the stream' };
    return suggestArguments({ prefix, args: args >= 0 ? part.slice(args) : [], options: [group] });
  }
  return destinationsOf(place, text)
    .filter((name) => name.startsWith(typed) && name !== typed)
    .map((name) => ({ insert: name, from, kind: 'destination' }));
}
