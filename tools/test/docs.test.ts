// Executes every code block of the documentation, so that what is shown works:
//   ts       type-checked and run; must end by itself with exit code 0
//   sh       run as a script; must exit 0
//   console  each line after `$ ` is run; the lines below it are its output, where `…` stands for anything
//   json     must parse
// A page that needs real servers says so by `<!-- needs: kafka, redis -->` and is left out where one cannot be had.
// Blocks of one page share a directory and run in order. Pages under docs/reference are generated and tested by their generator.
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardSandbox, sandbox } from '@millrace/sandbox';
import type { Guard } from '@millrace/sandbox';

interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

const root = new URL('../..', import.meta.url).pathname;
const pages = [
  'README.md',
  ...globSync(['docs/{tutorials,how-to,explanation}/*.md', '*/README.md', '{binders,deployers}/*/README.md'], { cwd: root }),
].filter((page) => !page.includes('node_modules'));
const work = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
const bin = join(work, 'bin');
const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1', NODE_OPTIONS: '' };
const nodeFlags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];

beforeAll(() => {
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'millrace'),
    `#!/bin/sh\nexec "${process.execPath}" ${nodeFlags.join(' ')} "${join(root, 'cli/src/main.ts')}" "$@"\n`,
  );
  chmodSync(join(bin, 'millrace'), 0o755);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

function directoryOf(page: string): string {
  const directory = join(work, page.replaceAll(/[/.]/g, '_'));
  mkdirSync(directory, { recursive: true });
  const link = join(directory, 'node_modules');
  rmSync(link, { force: true });
  symlinkSync(join(root, 'node_modules'), link);
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  return directory;
}

function run(cwd: string, file: string, args: readonly string[]): string {
  const result = spawnSync(file, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
  expect(result.status, `${result.stdout}\n${result.stderr}\n${result.error ?? ''}`).toBe(0);
  return result.stdout + result.stderr;
}

function runConsole(cwd: string, text: string): void {
  for (const part of text.split(/^\$ /m).filter((piece) => piece.trim() !== '')) {
    const [command, ...expected] = part.trimEnd().split('\n');
    const shown = run(cwd, 'sh', ['-c', command!]);
    const pattern = expected
      .map((line) =>
        line
          .split('…')
          .map((literal) => RegExp.escape(literal))
          .join('.*'),
      )
      .join('\\n');
    expect(shown.trimEnd()).toMatch(new RegExp(`^${pattern}$`, 's'));
  }
}

const runners: Readonly<Record<string, (cwd: string, block: Block) => void>> = {
  ts(cwd, { text, line }) {
    const file = join(cwd, `line-${line}.ts`);
    writeFileSync(file, text);
    run(cwd, process.execPath, [...nodeFlags, file]);
  },
  sh: (cwd, { text }) => void run(cwd, 'sh', ['-euc', text]),
  console: (cwd, { text }) => runConsole(cwd, text),
  json: (_, { text }) => void JSON.parse(text),
};

function serversNeededBy(page: string): readonly string[] {
  return /^<!-- needs: (.+) -->$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1]?.split(', ') ?? [];
}

// A block that fails leaves its servers running; they end with the page, and with this process should it not get that far.
function endServersAfter(page: string): void {
  const directory = join(directoryOf(page), '.millrace/sandbox');
  let guard: Guard;
  beforeAll(async () => (guard = await guardSandbox(directory, 'purge')));
  afterAll(async () => {
    await sandbox.open(directory).down([], { purge: true });
    guard.release();
  });
}

/** Why a page's blocks cannot run on this machine, `undefined` where they can. */
async function whatIsMissing(page: string): Promise<string | undefined> {
  // Servers are started by `npm run test:servers` alone.
  if (serversNeededBy(page).length > 0 && process.env['MILLRACE_SERVERS'] !== '1') return 'npm run test:servers';
  const reasons = await Promise.all(serversNeededBy(page).map(async (server) => sandbox.missing(server)));
  return reasons.find((reason) => reason !== undefined);
}

const runnable = await Promise.all(pages.map(async (page) => [page, await whatIsMissing(page)] as const));

describe.each(runnable)('%s', (page, missing) => {
  const blocks = blocksOf(page);
  if (serversNeededBy(page).length > 0 && missing === undefined) endServersAfter(page);
  const unknown = blocks.find(({ language }) => !(language in runners) && language !== 'text');
  it('has only code blocks that can be executed', () => expect(unknown).toBeUndefined());
  it
    .skipIf(missing !== undefined)
    .each(blocks.filter(({ language }) => language in runners).map((block) => [block.line, block.language, block] as const))(
    missing === undefined ? 'line %i: %s' : 'line %i: %s (needs servers)',
    { timeout: 90_000 },
    (_, language, block) => runners[language]!(directoryOf(page), block),
  );
});

it('type-checks every TypeScript block', { timeout: 90_000 }, () => {
  const directory = directoryOf('types');
  for (const page of pages) {
    for (const { language, text, line } of blocksOf(page)) {
      if (language === 'ts') writeFileSync(join(directory, `${page.replaceAll(/[/.]/g, '_')}-${line}.ts`), `${text}\nexport {};\n`);
    }
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8')) as { compilerOptions: object };
  const options = {
    ...compilerOptions,
    composite: false,
    declaration: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  };
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, customConditions: ['development'] }, include: ['*.ts'] }),
  );
  run(directory, join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
});
