import type { Command } from 'commander';
import { contextOf } from '../context.ts';
import { raise } from '../errors.ts';
import { hasData } from '../has-data.ts';
import { isInternal } from '../known-destination.ts';

const scripts: Readonly<Record<string, string>> = {
  bash: `_millrace() {
  local IFS=$'\\n'
  COMPREPLY=($(millrace complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _millrace millrace`,
  zsh: `#compdef millrace
_millrace() {
  local -a proposals
  proposals=("\${(@f)$(millrace complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a proposals
}
compdef _millrace millrace`,
  fish: `complete -c millrace -f -a '(millrace complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('Print the completion script of a shell.')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample:\n  millrace completion bash >> ~/.bashrc')
    .action((shell: string) => {
      if (!Object.hasOwn(scripts, shell)) throw raise('UNKNOWN_SHELL', { shell });
      console.log(scripts[shell]);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      for (const proposal of await complete(program, words)) console.log(proposal);
    });
}

/** Proposals for the last of `words`: commands, options, app names, and the pipeline language inside `run`. */
export async function complete(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const { command, rest } = descend(program, words.slice(0, -1));
  const values = await argumentValues(command, rest, typed);
  const options = typed.startsWith('-') ? optionsOf(command) : [];
  const names = rest.length === 0 ? command.commands.filter((sub) => !isHidden(sub)).map((sub) => sub.name()) : [];
  return [...new Set([...names, ...options, ...values])].filter((proposal) => proposal.startsWith(typed));
}

function descend(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program;
  const rest: string[] = [];
  for (const word of words) {
    const next = rest.length === 0 ? command.commands.find((sub) => sub.name() === word) : undefined;
    if (next !== undefined) command = next;
    else if (!word.startsWith('-')) rest.push(word);
  }
  return { command, rest };
}

function optionsOf(command: Command): readonly string[] {
  const own = command.options.map((option) => option.long ?? option.short ?? '');
  return command.parent === null ? [...own, '--help'] : [...own, ...optionsOf(command.parent)];
}

async function argumentValues(command: Command, rest: readonly string[], typed: string): Promise<readonly string[]> {
  const path = pathOf(command);
  if (path === 'run') return completeDefinition(typed);
  if (path.startsWith('sandbox ')) return serverNames();
  if (path === 'app' && rest.length > 0) return appOptions(rest[0]!);
  if (rest.length > 0) return [];
  if (path === 'app' || path === 'apps info') return appNames();
  const kind = destinationArguments[path];
  if (kind !== undefined) return destinationNames(command, kind);
  if (path === 'completion') return Object.keys(scripts);
  return [];
}

/** What the first argument of commands names. */
const destinationArguments: Readonly<Record<string, 'log' | 'region' | 'any'>> = {
  tail: 'log',
  publish: 'log',
  'destinations show': 'any',
  'destinations delete': 'any',
  'regions get': 'region',
  'regions put': 'region',
  'regions delete': 'region',
  'regions watch': 'region',
};

/** Names that the binder knows; none where it cannot be asked, for nobody can be told here. */
async function destinationNames(command: Command, kind: 'log' | 'region' | 'any'): Promise<readonly string[]> {
  const { globals, connected } = contextOf(command);
  if (!(await hasData(globals))) return [];
  try {
    const all = await connected(async (mr) => (await mr.binder()).provisioner.list());
    return all.filter((each) => (kind === 'any' || each.kind === kind) && !isInternal(each.name)).map(({ name }) => name);
  } catch {
    return [];
  }
}

async function appOptions(text: string): Promise<readonly string[]> {
  const { Catalogue } = await import('@millrace/apps');
  const name = text.slice(text.indexOf(':') + 1);
  const apps = new Catalogue().list().filter((app) => app.name === name);
  const own = apps.flatMap(({ options }) => Object.values(options)).map(({ shortName }) => shortName);
  return ['input', 'output', 'group', ...own].map((option) => `--${option}=`);
}

async function completeDefinition(typed: string): Promise<readonly string[]> {
  const { completeStream } = await import('@millrace/pipeline-dsl');
  const { completionCatalogue } = await import('../completion-catalogue.ts');
  return completeStream(typed, typed.length, completionCatalogue()).map((proposal) => proposal.text);
}

async function appNames(): Promise<readonly string[]> {
  const { Catalogue } = await import('@millrace/apps');
  return [...new Set(new Catalogue().list().map(({ name }) => name))];
}

async function serverNames(): Promise<readonly string[]> {
  const { serverKinds } = await import('@millrace/sandbox');
  return serverKinds.flatMap(({ name, versions }) => [name, ...versions.slice(1).map((version) => `${name}:${version}`)]);
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}

// commander keeps the flag to itself.
function isHidden(command: Command): boolean {
  return (command as unknown as { _hidden?: boolean })._hidden ?? false;
}
