// The tests with real Spring applications: npm run interop [-- FILTER …] [--broker kafka|rabbitmq]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');

/** The programs that are needed and not there. */
function missing(): readonly string[] {
  return ['java', 'mvn'].filter((name) => spawnSync(name, ['-version'], { stdio: 'ignore' }).status !== 0);
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { broker: { type: 'string', multiple: true } },
  });
  const absent = missing();
  if (absent.length > 0) {
    console.error(
      `interop: ${absent.join(' and ')} must be on the PATH. Next step: install a JDK 17 or newer and Maven 3.8 or newer.`,
    );
    return 1;
  }
  const env = { ...process.env, ...(values.broker === undefined ? {} : { MILLRACE_INTEROP_BROKERS: values.broker.join(',') }) };
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'interop/vitest.config.ts', ...positionals];
  return spawnSync(process.execPath, [...process.execArgv, ...args], { cwd: root, stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = main();
