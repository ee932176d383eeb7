// The fault tests at length: many more kills, minutes of overload, and the storage's crash tests at many seeds.
import { spawnSync } from 'node:child_process';

const root = new URL('..', import.meta.url).pathname;
const result = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=1200000', 'faults', 'binders/embedded', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MILLRACE_FAULTS: 'long' },
  },
);
process.exitCode = result.status ?? 1;
