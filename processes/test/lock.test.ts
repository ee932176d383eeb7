import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { acquireLock } from '../src/lock.ts';
import { temporaryDirectory } from './temporary.ts';

it('is held by one at a time and can be had again once released', async () => {
  const file = join(temporaryDirectory(), 'lock');
  const first = await acquireLock(file);
  expect(await acquireLock(file)).toBeUndefined();
  const waiting = acquireLock(file, 20_000);
  first!.release();
  first!.release();
  const second = await waiting;
  expect(second).toBeDefined();
  second!.release();
});

it('ends with its holder, however that ends', async () => {
  const file = join(temporaryDirectory(), 'lock');
  const module = new URL('../src/lock.ts', import.meta.url).href;
  const program = `const { acquireLock } = await import(${JSON.stringify(module)}); await acquireLock(${JSON.stringify(file)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]);
  await once(holder.stdout, 'data');
  expect(await acquireLock(file)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = await acquireLock(file, 20_000);
  expect(lock).toBeDefined();
  lock!.release();
});
