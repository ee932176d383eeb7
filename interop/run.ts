// The tests with real Spring applications: npm run interop [-- [--broker kafka|rabbitmq] FILTER … | --compare]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The programs that are needed and not there. */
function missing(): readonly string[] {
  const programs = { java: '-version', mvn: '-version', python3: '--version' };
  return Object.entries(programs)
    .filter(([name, option]) => spawnSync(name, [option], { stdio: 'ignore' }).status !== 0)
    .map(([name]) => name);
}

function main(args: string[]): number {
  const absent = missing();
  if (absent.length > 0) {
    const next = 'Next step: install a JDK 17 or newer, Maven 3.8 or newer and Python 3.9 or newer.';
    console.error(`interop: ${absent.join(' and ')} must be on the PATH. ${next}`);
    return 1;
  }
  const at = args.indexOf('--broker');
  const broker = at < 0 ? undefined : args.splice(at, 2)[1];
  const env = { ...process.env, ...(broker === undefined ? {} : { MILLRACE_INTEROP_BROKERS: broker }) };
  if (args.includes('--compare')) return run(['interop/compare.ts'], env);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'interop/vitest.config.ts', ...args];
  return run(vitest, env);
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): number {
  return spawnSync(process.execPath, [...process.execArgv, ...args], { cwd: root, stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
