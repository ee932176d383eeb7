// The tests that start real servers, one file after another: npm run test:servers [-- FILE …]
import { spawnSync } from 'node:child_process';

const root = new URL('..', import.meta.url).pathname;
const result = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, MILLRACE_SERVERS: '1' },
});
process.exitCode = result.status ?? 1;
