import type { Token, TokenKind } from '../lexing/lexer.ts';
import { taskDialect } from '../task/dialect.ts';
import type { Catalogue, Proposal } from './catalogue.ts';
import { suggestArguments, type Suggestion } from './options.ts';
import { afterLast, readPrefix, type Prefix } from './prefix.ts';
import { clampCursor, toProposals } from './proposals.ts';

const joints: ReadonlySet<TokenKind> = new Set(['&&', '||', '<', '(', ';', '->']);
const closed: ReadonlySet<TokenKind> = new Set(['>', ')']);

/**
 * Ways to go on at the cursor of a task definition: apps, their options and values, labels and ends (`$END`, `$FAIL`) as targets
 * of transitions. Never throws, whatever the text; without an idea the answer is empty.
 */
export function completeTask(text: string, cursor: number, catalogue: Catalogue): Proposal[] {
  const at = clampCursor(text, cursor);
  const prefix = readPrefix(text.slice(0, at), taskDialect);
  return prefix === undefined ? [] : toProposals(text, at, suggest(prefix, text, catalogue));
}

function suggest(prefix: Prefix, text: string, catalogue: Catalogue): Suggestion[] {
  const { mark, rest } = afterLast(prefix.tokens, joints);
  if (rest.some((token) => closed.has(token.kind))) return [];
  const afterArrow = mark?.kind === '->';
  if (afterArrow && rest.length === 1 && rest[0]!.kind === ':') return suggestLabels(prefix, text);
  const named = rest[1]?.kind === ':' ? rest.slice(2) : rest;
  if (named.length > 0) return suggestOptions(prefix, named[0]!.text, named.slice(1), catalogue);
  const ends = afterArrow && rest.length === 0 ? suggestEnds(prefix) : [];
  const onOptions = prefix.word === '' ? [] : suggestOptions(prefix, prefix.word, [], catalogue);
  return [...suggestApps(prefix, named !== rest, catalogue), ...ends, ...onOptions];
}

function suggestApps(prefix: Prefix, isLabelled: boolean, catalogue: Catalogue): Suggestion[] {
  const taken = new Set(prefix.tokens.filter(({ kind }) => kind === 'identifier').map((token) => token.text));
  const last = prefix.tokens.at(-1);
  const gap = last?.end === prefix.wordStart && (last.kind === '&&' || last.kind === '||') ? ' ' : '';
  return catalogue
    .apps()
    .filter(({ name, type }) => type === 'task' && name.startsWith(prefix.word) && name !== prefix.word)
    .map(({ name, description }) => ({
      insert: gap + (isLabelled ? name : labelled(name, taken)),
      from: prefix.wordStart,
      kind: 'app',
      description: description ?? 'a task',
    }));
}

function labelled(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}${number}`)) number++;
  return `${name}${number}: ${name}`;
}

function suggestEnds(prefix: Prefix): Suggestion[] {
  const ends = [
    { name: '$END', description: 'ends the task' },
    { name: '$FAIL', description: 'ends the task as failed' },
  ];
  return ends
    .filter(({ name }) => name.startsWith(prefix.word) && name !== prefix.word)
    .map(({ name, description }) => ({ insert: name, from: prefix.wordStart, kind: 'symbol', description }));
}

// Labels are taken from the text as it is, which may not parse yet.
function suggestLabels(prefix: Prefix, text: string): Suggestion[] {
  const labels = new Set([...text.matchAll(/(?<![\w$:>-])([\w$][\w$-]*)\s*:(?!\s*:)/g)].map((match) => match[1]!));
  return [...labels]
    .filter((label) => label.startsWith(prefix.word) && label !== prefix.word)
    .map((label) => ({ insert: label, from: prefix.wordStart, kind: 'label' }));
}

function suggestOptions(prefix: Prefix, app: string, args: readonly Token[], catalogue: Catalogue): Suggestion[] {
  const isName = args.length === 0 && prefix.word === app;
  const behindName = isName ? { ...prefix, word: '', wordStart: prefix.text.length } : prefix;
  return suggestArguments({ prefix: behindName, args, options: catalogue.options(app, 'task') });
}
