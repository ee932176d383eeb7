// The process behind guardSandbox: its input ends when the guarded process does.
import { rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Sandbox } from './sandbox.ts';

const [directory, mode] = process.argv.slice(2) as [string, string];
if ((await text(process.stdin)) !== 'released') {
  const sandbox = new Sandbox(directory);
  await sandbox.down([], { purge: mode === 'purge' });
  if (mode === 'purge') rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
