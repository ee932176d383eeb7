import type { CommandOption, OptionValues, ShellCommand, ShellContext } from './command.ts';
import { wordsOf } from './line.ts';
import type { Word } from './line.ts';

/** What could stand at the end of a line: whole words, and the part of the line that each replaces. */
export interface Completion {
  readonly proposals: readonly string[];
  readonly replaced: string;
}

const none: Completion = { proposals: [], replaced: '' };

/** Proposes commands, then their options, then the values of those. Where the server does not answer there is nothing to propose. */
export async function completeLine(context: ShellContext, line: string): Promise<Completion> {
  const words = wordsOf(line, true);
  const found = context.commands.find(({ name }) => line.startsWith(`${name} `));
  const command = longest(context.commands, line) ?? found;
  if (command === undefined) return commandsFor(context, line);
  const rest = words.slice(command.name.split(' ').length);
  const isNew = line.endsWith(' ') && !isOpen(line);
  return completeOption(context, command, rest, isNew, line);
}

function longest(commands: readonly ShellCommand[], line: string): ShellCommand | undefined {
  return commands
    .filter(({ name }) => line.startsWith(`${name} `))
    .toSorted((a, b) => b.name.length - a.name.length)
    .at(0);
}

function commandsFor({ commands }: ShellContext, line: string): Completion {
  const begun = line.trimStart().replaceAll(/\s+/g, ' ');
  return { proposals: commands.map(({ name }) => `${name} `).filter((name) => name.startsWith(begun)), replaced: begun };
}

async function completeOption(
  context: ShellContext,
  command: ShellCommand,
  words: readonly Word[],
  isNew: boolean,
  line: string,
): Promise<Completion> {
  const last = isNew ? undefined : words.at(-1);
  const before = isNew ? words.at(-1) : words.at(-2);
  const asked = before !== undefined && !before.quoted ? optionOf(command, before.text) : undefined;
  const values = valuesOf(command, words);
  if (asked !== undefined && asked.whenGiven === undefined) return valuesFor(context, asked, values, last, line);
  if (last?.quoted === true || (last !== undefined && !last.text.startsWith('--'))) {
    const option = command.options.find(({ isDefault }) => isDefault === true);
    return option === undefined ? none : valuesFor(context, option, values, last, line);
  }
  const begun = last?.text ?? '';
  const left = command.options.filter(({ name }) => values[name] === undefined || `--${name}` === begun);
  return { proposals: left.map(({ name }) => `--${name} `).filter((each) => each.startsWith(begun)), replaced: begun };
}

function optionOf(command: ShellCommand, text: string): CommandOption | undefined {
  return command.options.find(({ name, alias }) => text === `--${name}` || (alias !== undefined && text === `--${alias}`));
}

/** What is known so far, for proposals that depend on it. */
function valuesOf(command: ShellCommand, words: readonly Word[]): OptionValues {
  const values: Record<string, string> = {};
  words.forEach(({ text, quoted }, i) => {
    const option = quoted ? undefined : optionOf(command, text);
    if (option !== undefined) values[option.name] = words[i + 1]?.text ?? '';
  });
  return values;
}

async function valuesFor(
  context: ShellContext,
  option: CommandOption,
  values: OptionValues,
  word: Word | undefined,
  line: string,
): Promise<Completion> {
  const begun = word?.text ?? '';
  const proposals = await option.complete?.(context, begun, values).catch(() => []);
  const quote = isOpen(line) ? line[word!.start]! : '';
  const fitting = (proposals ?? []).filter((each) => each.startsWith(begun) && each !== begun);
  // A definition has blanks: where no quote was begun, the proposal brings its own.
  const written = fitting.map((each) => (quote === '' && /\s/.test(each) ? `"${each.replaceAll('"', '\\"')}` : `${quote}${each}`));
  return { proposals: written, replaced: quote + begun };
}

/** Whether the line ends within quotes. */
function isOpen(line: string): boolean {
  try {
    wordsOf(line);
    return false;
  } catch {
    return true;
  }
}
