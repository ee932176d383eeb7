// Everything that must hold, as one command: `npm test [STEP …]`. Each step prints its own report; the last line counts them all.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Step {
  readonly name: string;
  readonly what: string;
  run(): Tally;
}

const root = new URL('..', import.meta.url).pathname;
const node = ['--conditions=development', '--disable-warning=ExperimentalWarning'];

const steps: readonly Step[] = [
  { name: 'types', what: 'types and build', run: () => command('node_modules/.bin/tsc', ['-b']) },
  {
    name: 'lint',
    what: 'lint with type-aware rules',
    run: () => command('node_modules/.bin/oxlint', ['--type-aware', '--deny-warnings']),
  },
  { name: 'format', what: 'format', run: () => command('node_modules/.bin/oxfmt', ['--check', '.']) },
  { name: 'architecture', what: 'dependency direction, exports, cycles', run: () => script('tools/check-architecture.ts') },
  { name: 'reference', what: 'generated pages are up to date', run: () => script('tools/generate-docs.ts', '--check') },
  { name: 'unit', what: 'unit, conformance and fault tests', run: () => vitest() },
  { name: 'servers', what: 'tests on real servers', run: () => vitest({ MILLRACE_SERVERS: '1' }) },
  { name: 'packages', what: 'packed packages work when installed', run: () => script('tools/check-packages.ts') },
];

function command(file: string, args: readonly string[]): Tally {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (result.error) process.stderr.write(`${result.error.message}\n`);
  return result.status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

function script(file: string, ...args: readonly string[]): Tally {
  return command(process.execPath, [...node, file, ...args]);
}

function vitest(env: NodeJS.ProcessEnv = {}): Tally {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const report = join(directory, 'report.json');
  try {
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    return counts(report, result.status ?? 1);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function counts(report: string, status: number): Tally {
  const json = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    testResults: { status: string; name: string; assertionResults: { status: string; fullName: string }[] }[];
  };
  // The conformance kit lists what does not apply to a binder, by its declared capabilities; that is no test that could not run.
  const notRun = json.testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status === 'pending' || test.status === 'skipped');
  const skipped = notRun.filter((test) => !/\(needs [^)]*\)$/.test(test.fullName));
  for (const test of notRun.filter(({ fullName }) => fullName.endsWith('(needs mount namespaces)')))
    console.log(`not possible on this system: ${test.fullName}`);
  for (const test of skipped) console.log(`skipped: ${test.fullName}`);
  // A file that could not be loaded has no failed test of its own.
  const broken = json.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = json.numFailedTests + broken.length;
  return { passed: json.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed, skipped: skipped.length };
}

function main(wanted: readonly string[]): number {
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`unknown step '${unknown[0]}'; the steps are: ${steps.map((step) => step.name).join(', ')}`);
    return 2;
  }
  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`\n── ${step.name}: ${step.what}`);
    const begin = performance.now();
    const tally = step.run();
    lines.push(
      `${tally.failed > 0 ? '✗' : '✓'} ${step.name.padEnd(13)} ${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s`,
    );
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += tally[key];
  }
  console.log(`\n${lines.join('\n')}\n`);
  // What cannot run on a developer's machine is reported; in CI everything must have run.
  const skipFails = process.env['CI'] === 'true' && total.skipped > 0;
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || skipFails ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
