// Runs the benchmarks and prints a table of ratios: npm run bench [-- NAME …] [--write]
// Each case runs in a process of its own, so that none inherits another's heap. With --write the table goes to docs/explanation/performance-results.md.
import { spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { createTools } from './harness.ts';
import type { Case, Result } from './harness.ts';

const root = import.meta.dirname;
const args = process.argv.slice(2);

async function runOne(file: string): Promise<void> {
  const module = (await import(join(root, 'cases', file))) as { default: Case };
  const tools = createTools();
  try {
    const result = await module.default.run(tools);
    process.stdout.write(`\n@@${JSON.stringify({ ...result, name: module.default.name, target: module.default.target })}\n`);
  } finally {
    tools.dispose();
  }
}

function measure(file: string): (Result & { name: string; target: string }) | undefined {
  process.stderr.write(`${file} …\n`);
  const child = spawnSync(process.execPath, [...process.execArgv, '--expose-gc', import.meta.filename, '--case', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 300_000,
  });
  const line = child.stdout.split('\n').find((text) => text.startsWith('@@'));
  if (line === undefined) process.stderr.write(`${file} failed:\n${child.stdout}\n`);
  return line === undefined ? undefined : (JSON.parse(line.slice(2)) as Result & { name: string; target: string });
}

/** A row of the table; names of pipelines hold bars of their own. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

/** Rounded down, so that a target just missed does not look met. */
function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : (Math.floor(ratio * 100) / 100).toFixed(2);
}

function main(): void {
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const files = globSync('*.ts', { cwd: join(root, 'cases') })
    .toSorted()
    .filter((file) => wanted.length === 0 || wanted.some((name) => basename(file).includes(name)));
  const results = files.map(measure);
  const rows = results.flatMap((result) =>
    result === undefined
      ? []
      : [row([result.name, result.ours, result.peer, ratioText(result.ratio), result.target, result.met ? '✓' : '✗'])],
  );
  const machine = `Node.js ${process.versions.node}, ${cpus().length} cores (${cpus()[0]!.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const table = ['| Case | Millrace | Beside it | Ratio | Target | Met |', '|---|---|---|---|---|---|', ...rows].join('\n');
  console.log(`${table}\n\n${machine}`);
  if (args.includes('--write'))
    writeFileSync(
      join(root, '../docs/explanation/performance-results.md'),
      `# Measured\n\nOne run of \`npm run bench\`; ratios count, absolute figures are this machine's.\n\n${table}\n\n${machine}\n`,
    );
  process.exitCode = results.includes(undefined) ? 1 : 0;
}

if (args[0] === '--case') await runOne(args[1]!);
else main();
