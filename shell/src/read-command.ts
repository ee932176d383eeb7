import { didYouMean } from '@millrace/core';
import type { CommandOption, OptionValues, ShellCommand } from './command.ts';
import { raise } from './errors.ts';
import type { Word } from './line.ts';

/** The command that the words begin with, the longest name first, and the words behind it. */
export function findCommand(
  commands: readonly ShellCommand[],
  words: readonly Word[],
): { readonly command: ShellCommand; readonly rest: readonly Word[] } {
  for (let length = words.length; length > 0; length--) {
    const name = words
      .slice(0, length)
      .map(({ text }) => text)
      .join(' ');
    const command = commands.find((each) => each.name === name);
    if (command !== undefined) return { command, rest: words.slice(length) };
  }
  const end = words.findIndex(({ text, quoted }) => quoted || text.startsWith('--'));
  const line = words
    .slice(0, end < 0 ? words.length : end)
    .map(({ text }) => text)
    .join(' ');
  const hint = didYouMean(
    line,
    commands.map(({ name }) => name),
  );
  throw raise('COMMAND_UNKNOWN', { line, hint });
}

/** Reads the words behind a command's name as its options. */
export function readOptions(command: ShellCommand, words: readonly Word[]): OptionValues {
  const values: Record<string, string> = {};
  const give = (option: CommandOption, value: string): void => {
    if (values[option.name] !== undefined) throw raise('OPTION_TWICE', { command: command.name, option: option.name });
    values[option.name] = value;
  };
  for (let i = 0; i < words.length; i++) {
    const { text, quoted } = words[i]!;
    if (quoted || !text.startsWith('--')) {
      const all = command.options.find(({ takesAll }) => takesAll === true);
      if (all === undefined) give(plainOption(command, text, values), text);
      else values[all.name] = [values[all.name], text].filter((each) => each !== undefined).join(' ');
      continue;
    }
    const [, name, value] = /^--([^=]*)(?:=(.*))?$/s.exec(text)!;
    const option = namedOption(command, name!);
    const next = words[i + 1];
    if (value !== undefined) give(option, value);
    else if (next !== undefined && (next.quoted || !next.text.startsWith('--'))) {
      give(option, next.text);
      i++;
    } else if (option.whenGiven !== undefined) give(option, option.whenGiven);
    else throw raise('OPTION_VALUE', { command: command.name, option: option.name, rule: 'needs a value', value: '' });
  }
  return complete(command, values);
}

function namedOption(command: ShellCommand, name: string): CommandOption {
  const option = command.options.find((each) => each.name === name || each.alias === name);
  if (option !== undefined) return option;
  const names = command.options.map((each) => each.name);
  const known = names.length === 0 ? 'none' : names.map((each) => `--${each}`).join(', ');
  throw raise('OPTION_UNKNOWN', { command: command.name, option: name, hint: didYouMean(name, names), known });
}

function plainOption(command: ShellCommand, value: string, values: OptionValues): CommandOption {
  const option = command.options.find(({ isDefault, name }) => isDefault === true && values[name] === undefined);
  if (option === undefined) throw raise('VALUE_UNEXPECTED', { command: command.name, value });
  return option;
}

function complete(command: ShellCommand, values: Record<string, string>): OptionValues {
  const missing = command.options.filter(({ name, mandatory }) => mandatory === true && values[name] === undefined);
  if (missing.length > 0)
    throw raise('OPTION_MISSING', { options: missing.map(({ name }) => `--${name}`).join(', '), command: command.name });
  for (const { name, otherwise } of command.options)
    if (values[name] === undefined && otherwise !== undefined) values[name] = otherwise;
  return values;
}
