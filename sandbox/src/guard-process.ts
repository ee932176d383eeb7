// The process behind guardSandbox: its input ends when the guarded process does.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Sandbox } from './sandbox.ts';

const [directory, mode, ...names] = process.argv.slice(2) as [string, string, ...string[]];
if ((await text(process.stdin)) !== 'released') {
  const sandbox = new Sandbox(directory);
  const there = sandbox.servers().map(({ record }) => record.name);
  const guarded = there.filter((name) => names.length === 0 || names.includes(name));
  if (guarded.length > 0) await sandbox.down(guarded, { purge: mode === 'purge' });
  if (mode === 'purge') rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
rmSync(join(directory, 'guard.log'), { force: true });
