import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { closeLaunch, launch, peekIdentity, readIdentity } from '../src/launcher.ts';
import { isAlive, signalGroup } from '../src/identity.ts';
import { temporaryDirectory } from './temporary.ts';

function plan(command: string, args: readonly string[]) {
  const cwd = temporaryDirectory();
  const log = join(cwd, 'log');
  const files = { pid: join(cwd, 'pid'), log, output: { stdout: log, stderr: log } };
  return { files, plan: { command, args, cwd, env: { PATH: process.env['PATH']! } } };
}

it('writes down who the program is before it runs, and passes arguments untouched', async () => {
  const strange = ['$HOME', 'a b', '; exit 3', '`id`', '"', "'"];
  const script = 'for word; do echo "[$word]"; done; sleep 600';
  const { plan: what, files } = plan('/bin/sh', ['-c', script, 'sh', ...strange]);
  const identity = await launch(what, files.pid, files.output);
  onTestFinished(() => void signalGroup(identity!, '', 'SIGKILL'));
  expect(isAlive(identity!)).toBe(true);
  expect(peekIdentity(files.pid)).toEqual(identity);
  await expect.poll(() => readFileSync(files.log, 'utf8')).toBe(strange.map((word) => `[${word}]\n`).join(''));
});

it('starts nothing where the file was closed before', async () => {
  const { plan: what, files } = plan('/bin/sh', ['-c', 'echo started > started']);
  closeLaunch(files.pid);
  expect(await launch(what, files.pid, files.output)).toBeUndefined();
  expect(existsSync(join(what.cwd, 'started'))).toBe(false);
});

it('keeps the identity of a process that was there first', async () => {
  const { plan: what, files } = plan('sleep', ['600']);
  const identity = await launch(what, files.pid, files.output);
  onTestFinished(() => void signalGroup(identity!, '', 'SIGKILL'));
  closeLaunch(files.pid);
  expect(await readIdentity(files.pid)).toEqual(identity);
});

it('leaves the reason in the log where there is no such program', async () => {
  const { plan: what, files } = plan('/nowhere/server', []);
  const identity = await launch(what, files.pid, files.output);
  await expect.poll(() => identity === undefined || !isAlive(identity)).toBe(true);
  expect(readFileSync(files.log, 'utf8')).toContain('/nowhere/server');
});

it('waits for a launcher that is just writing', async () => {
  const { files } = plan('sleep', ['1']);
  writeFileSync(files.pid, '');
  setTimeout(() => writeFileSync(files.pid, '7\n-\nMon Nov 23 10:00:00 2026\n'), 60);
  expect(await readIdentity(files.pid)).toEqual({ pid: 7, start: 'Mon Nov 23 10:00:00 2026' });
});

it('keeps the two outputs apart and tells how the process ended', async () => {
  const { plan: what, files } = plan('/bin/sh', ['-c', 'echo out; echo err >&2; exit 7']);
  const ended = Promise.withResolvers<unknown>();
  await launch(what, files.pid, { stdout: files.log, stderr: `${files.log}.err` }, ended.resolve);
  expect(await ended.promise).toEqual({ code: 7, signal: null });
  expect([readFileSync(files.log, 'utf8'), readFileSync(`${files.log}.err`, 'utf8')]).toEqual(['out\n', 'err\n']);
});

it('tells by which signal a process was ended', async () => {
  const { plan: what, files } = plan('sleep', ['600']);
  const ended = Promise.withResolvers<unknown>();
  const identity = await launch(what, files.pid, files.output, ended.resolve);
  signalGroup(identity!, '', 'SIGKILL');
  expect(await ended.promise).toEqual({ code: null, signal: 'SIGKILL' });
});
