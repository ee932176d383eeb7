import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { callbackify, styleText } from 'node:util';
import { completeLine } from './completion.ts';
import { errorText, Shell } from './shell.ts';
import type { ShellOptions } from './shell.ts';

const historySize = 3000;

/** Where the lines of earlier sessions are kept. */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env['MILLRACE_SHELL_HISTORY'] ?? join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'millrace', 'shell-history')
  );
}

/**
 * Reads lines from a terminal until `exit` or the end of the input, with completion by tab and the history of earlier sessions.
 * Failures are shown and do not end it.
 */
export async function runTerminal(options: Omit<ShellOptions, 'print' | 'confirm' | 'width'>): Promise<void> {
  const { stdin, stdout } = process;
  const history = readHistory();
  let reader: Interface;
  const shell = new Shell({
    ...options,
    width: () => stdout.columns,
    print: (text) => void stdout.write(`${text}\n`),
    confirm: (question) =>
      new Promise((resolve) => reader.question(`${question} (y/n) `, (answer) => resolve(/^y(es)?$/i.test(answer)))),
  });
  reader = createInterface({
    input: stdin,
    output: stdout,
    history: [...history],
    historySize,
    removeHistoryDuplicates: true,
    completer: callbackify(async (line: string): Promise<[string[], string]> => {
      const { proposals, replaced } = await completeLine(shell, line);
      return [[...proposals], replaced];
    }),
  });
  stdout.write(`Welcome to the Millrace shell ${options.version}. Tab completes, 'help' lists the commands, 'exit' ends.\n`);
  await shell.open().then(
    (told) => stdout.write(`${told}\n`),
    (error: unknown) => fail(error),
  );
  await readLines(reader, shell);
  writeHistory((reader as unknown as { history: readonly string[] }).history);
}

async function readLines(reader: Interface, shell: Shell): Promise<void> {
  const prompt = (): void => {
    reader.setPrompt(shell.isConnected ? 'dataflow:>' : styleText('yellow', 'server-unknown:>'));
    reader.prompt();
  };
  prompt();
  for await (const line of reader) {
    if (/^\s*(exit|quit)\s*$/.test(line)) break;
    await shell.run(line).catch(fail);
    prompt();
  }
  reader.close();
}

function fail(error: unknown): void {
  process.stdout.write(`${styleText('red', errorText(error, 'text'))}\n`);
}

function readHistory(): readonly string[] {
  try {
    return readFileSync(historyFile(), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .toReversed();
  } catch {
    // The first session has none.
    return [];
  }
}

/** Lines with secrets in them are not kept. */
function writeHistory(lines: readonly string[]): void {
  const kept = lines.filter((line) => !/password|secret|token|credential/i.test(line)).slice(0, historySize);
  try {
    mkdirSync(dirname(historyFile()), { recursive: true, mode: 0o700 });
    writeFileSync(historyFile(), `${kept.toReversed().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A history that cannot be kept is no reason to fail.
  }
}
