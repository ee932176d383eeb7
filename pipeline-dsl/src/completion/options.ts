import type { Token } from '../lexing/lexer.ts';
import { quoteValue } from '../lexing/values.ts';
import type { CatalogueOption } from './catalogue.ts';
import type { Prefix } from './prefix.ts';

/** A proposal before it is put into the text. */
export interface Suggestion {
  readonly insert: string;
  readonly from: number;
  readonly kind: 'app' | 'option' | 'value' | 'destination' | 'label' | 'symbol';
  readonly description?: string | undefined;
}

/** The name and arguments of one app, as far as they are typed. */
export interface AppTokens {
  readonly prefix: Prefix;
  /** The tokens behind the app's name. */
  readonly args: readonly Token[];
  readonly options: readonly CatalogueOption[];
}

/** Proposes option names, or the values of the option whose value is being typed. */
export function suggestArguments(app: AppTokens): Suggestion[] {
  const { args, prefix } = app;
  if (args.length > 0 && args[0]!.kind !== '--') return [];
  const last = args.at(-1);
  if (last?.kind === '=' && last.end === prefix.wordStart) return suggestValues(app);
  const start = args.findLastIndex((token) => token.kind === '--');
  const isNaming = start >= 0 && !args.slice(start).some((token) => token.kind === '=');
  if (isNaming) return suggestNames(app, args[start]!.end, prefix.text.slice(args[start]!.end));
  return prefix.word === '' || prefix.word === '-' ? suggestNames(app, prefix.wordStart, '') : [];
}

function suggestNames({ prefix, args, options }: AppTokens, from: number, typed: string): Suggestion[] {
  const before = prefix.text.slice(0, from);
  const lead = before.endsWith('--') ? '' : /\s$/.test(before) ? '--' : ' --';
  const used = usedNames(args, prefix);
  return options
    .filter((option) => option.name.startsWith(typed) && !used.has(option.name))
    .map((option) => ({ insert: `${lead}${option.name}=`, from, kind: 'option', description: describe(option) }));
}

function usedNames(args: readonly Token[], { text }: Prefix): ReadonlySet<string> {
  const used = new Set<string>();
  for (const [index, token] of args.entries()) {
    const equals = token.kind === '--' ? args.slice(index).find(({ kind }) => kind === '=') : undefined;
    if (equals !== undefined) used.add(text.slice(token.end, equals.start));
  }
  return used;
}

function describe({ description, default: standard }: CatalogueOption): string | undefined {
  const parts = [description, standard === undefined ? undefined : `default: ${standard}`].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}

function suggestValues({ args, prefix, options }: AppTokens): Suggestion[] {
  const start = args.findLastIndex((token) => token.kind === '--');
  const name = prefix.text.slice(args[start]?.end, args.at(-1)!.start);
  const option = options.find((candidate) => candidate.name === name);
  if (option === undefined) return [];
  const values = option.values ?? (option.type?.toLowerCase().endsWith('boolean') ? ['true', 'false'] : []);
  return values
    .map((value) => ({ value, insert: quoteValue(name, value) }))
    .filter(({ value, insert }) => insert !== prefix.word && (value.startsWith(prefix.word) || insert.startsWith(prefix.word)))
    .map(({ insert }) => ({ insert, from: prefix.wordStart, kind: 'value', description: describe(option) }));
}
