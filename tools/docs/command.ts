import { createProgram } from '../../cli/src/program.ts';
import { table } from './page.ts';
import type { Page } from './page.ts';

type Command = ReturnType<typeof createProgram>;

/** The command's reference, from its own tree of commands and options. */
export function commandPage(): Page {
  const program = createProgram();
  const intro = `${program.description()}\n\nOptions that every command takes:\n\n${optionTable(program)}`;
  return {
    path: 'docs/reference/command.md',
    text: `# The millrace command\n\n${intro}\n\n${program.commands.flatMap(sections).join('\n\n')}`,
  };
}

function sections(command: Command): readonly string[] {
  if ((command as unknown as { _hidden?: boolean })._hidden) return [];
  if (command.commands.length > 0)
    return [`## ${path(command)}\n\n${command.description()}`, ...command.commands.flatMap(sections)];
  const heading = command.parent?.parent ? '###' : '##';
  const usage = `\`${path(command)} ${command.usage()}\``;
  const args = command.registeredArguments
    .filter(({ description }) => description)
    .map((argument) => `- \`${argument.name()}\`: ${argument.description}`);
  return [
    [`${heading} ${path(command)}`, command.description(), usage, args.join('\n'), optionTable(command)]
      .filter((part) => part !== '')
      .join('\n\n'),
  ];
}

function optionTable(command: Command): string {
  if (command.options.every(({ hidden }) => hidden)) return '';
  const rows = command.options
    .filter(({ hidden }) => !hidden)
    .map((option) => {
      const value = option.defaultValue as unknown;
      const shown =
        value === undefined || (Array.isArray(value) && value.length === 0)
          ? ''
          : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
      return [`\`${option.flags}\``, option.description, shown];
    });
  return table(['Option', 'Meaning', 'Default'], rows);
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}
