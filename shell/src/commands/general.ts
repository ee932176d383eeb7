import { messageOf } from '@millrace/core';
import type { CommandOption, Outcome, ShellCommand, ShellContext } from '../command.ts';
import { raise } from '../errors.ts';
import { flag, readText } from './values.ts';

const targetOption = (help: string): CommandOption => ({
  name: 'target',
  help,
  isDefault: true,
  otherwise: 'http://localhost:9393',
});

/** Commands of the shell itself. `exit` and `clear` are the terminal's, which asks for them by name. */
export const generalCommands: readonly ShellCommand[] = [
  {
    name: 'help',
    description: 'List all commands usage',
    local: true,
    options: [{ name: 'command', help: 'Command name to provide help for', isDefault: true, takesAll: true }],
    run: async ({ commands }, { command }) => ({ text: helpText(commands, command) }),
  },
  {
    name: 'version',
    description: 'Displays shell version',
    local: true,
    options: [],
    run: async ({ version }) => ({ text: version, data: version }),
  },
  {
    name: 'date',
    description: 'Displays the local date and time',
    local: true,
    options: [],
    run: async () => ({ text: new Intl.DateTimeFormat('en-US', { dateStyle: 'full', timeStyle: 'full' }).format(new Date()) }),
  },
  {
    name: 'script',
    description: 'Parses the specified resource file and executes its commands',
    local: true,
    options: [
      { name: 'file', help: 'The file to locate and execute', mandatory: true, isDefault: true },
      { name: 'lineNumbers', help: 'Display line numbers when executing the script', whenGiven: 'true', otherwise: 'false' },
    ],
    run: async (context, values) => {
      await context.runFile(values['file']!, flag(values, 'lineNumbers'));
      return { text: '' };
    },
  },
  { name: 'exit', description: 'Exits the shell', local: true, options: [], run: async () => ({ text: '' }) },
  { name: 'quit', description: 'Exits the shell', local: true, options: [], run: async () => ({ text: '' }) },
  { name: 'clear', description: 'Clears the console', local: true, options: [], run: async () => ({ text: '\u001B[2J\u001B[H' }) },
  {
    name: 'http get',
    description: 'Make GET request to http endpoint',
    local: true,
    options: [targetOption('the URL to make the request to')],
    run: async (context, { target = '' }) => {
      context.print(`> GET ${target} `);
      return answered(await request(target, {}));
    },
  },
  {
    name: 'http post',
    description: 'POST data to http endpoint',
    local: true,
    options: [
      targetOption('the location to post to'),
      { name: 'data', help: 'the text payload to post. exclusive with file' },
      { name: 'file', help: 'filename to read data from. exclusive with data' },
      { name: 'contentType', help: 'the content-type to use', otherwise: 'text/plain' },
    ],
    run: httpPost,
  },
];

async function httpPost(context: ShellContext, values: Readonly<Record<string, string | undefined>>): Promise<Outcome> {
  const { target = '', data, file, contentType = 'text/plain' } = values;
  if ((data === undefined) === (file === undefined)) throw raise('OPTION_MISSING', { options: 'either --data or --file' });
  const body = data ?? (await readText(file!));
  context.print(`> POST (${contentType}) ${target} ${data ?? `(${file})`}`);
  return answered(await request(target, { method: 'POST', body, headers: { 'content-type': contentType } }));
}

async function request(target: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, { ...init, signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw raise('TARGET_UNREACHABLE', { target, problem: messageOf(cause ?? error) }, error);
  }
}

async function answered(response: Response): Promise<Outcome> {
  const text = await response.text();
  const lines = [`> ${response.status} ${response.statusText}`, ...(text === '' ? [] : [pretty(text)])];
  if (!response.ok) throw raise('TARGET_REFUSED', { answer: lines.join('\n') });
  return { text: lines.join('\n'), data: { status: response.status, body: text } };
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function helpText(commands: readonly ShellCommand[], name: string | undefined): string {
  const sorted = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const found = name === undefined ? sorted : sorted.filter((each) => each.name === name || each.name.startsWith(`${name} `));
  if (found.length === 0) throw raise('COMMAND_UNKNOWN', { line: name, hint: '' });
  const list = found.map((each) => `* ${each.name} - ${each.description}`).join('\n');
  return found.length === 1 ? `${commandHelp(found[0]!)}\n\n${list}` : list;
}

function field(label: string, value: string): string {
  return `${label.padEnd(27)}${value}`;
}

function commandHelp({ name, description, options }: ShellCommand): string {
  const lines = [field('Keyword:', name), field('Description:', description)];
  for (const option of options) lines.push(...optionHelp(option), '');
  return lines.join('\n').trimEnd();
}

function optionHelp({ name, alias, help, mandatory = false, whenGiven, otherwise, isDefault = false }: CommandOption): string[] {
  return [
    ...(isDefault ? [field(' Keyword:', '** default **')] : []),
    field(' Keyword:', name),
    ...(alias === undefined ? [] : [field(' Keyword:', alias)]),
    field('   Help:', help),
    field('   Mandatory:', String(mandatory)),
    ...(whenGiven === undefined ? [] : [field('   Default if specified:', `'${whenGiven}'`)]),
    ...(otherwise === undefined ? [] : [field('   Default if unspecified:', `'${otherwise}'`)]),
  ];
}
