import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import {
  identityOf as identityNow,
  isAlive,
  isGroupAlive,
  isPaused,
  parseIdentity,
  processesWith,
  residentBytes,
  signalGroup,
} from '../src/identity.ts';
import type { ProcessIdentity } from '../src/identity.ts';

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function identityOf(pid: number): ProcessIdentity {
  return parseIdentity(`${pid}\n${boot}\n${readFileSync(`/proc/${pid}/stat`, 'utf8').trim()}\n`)!;
}

function sleeper(): { pid: number; ended: Promise<unknown> } {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid: child.pid!, ended: once(child, 'exit') };
}

it('knows a process from another one that was given its number', () => {
  const { pid } = sleeper();
  const identity = identityOf(pid);
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ pid, start: `${boot} 1` })).toBe(false);
  expect(isAlive({ pid, start: identity.start.replace(boot, 'another-boot') })).toBe(false);
});

it('never signals a process that only has the number', async () => {
  const { pid } = sleeper();
  expect(signalGroup({ pid, start: `${boot} 1` }, 'MARK=none', 'SIGKILL')).toBe(false);
  expect(isAlive(identityOf(pid))).toBe(true);
});

it('sees the end and the freezing of a process', async () => {
  const { pid, ended } = sleeper();
  const identity = identityOf(pid);
  signalGroup(identity, '', 'SIGSTOP');
  await expect.poll(() => isPaused(identity)).toBe(true);
  signalGroup(identity, '', 'SIGKILL');
  await ended;
  expect(isAlive(identity)).toBe(false);
});

it('finds what a dead leader left in its group by the mark in the environment, and only that', async () => {
  const script = 'sleep 600 & env -u MARK sleep 600 & echo $!; exec sleep 600';
  const leader = spawn('/bin/sh', ['-c', script], { detached: true, env: { ...process.env, MARK: 'ours' } });
  const [printed] = (await once(leader.stdout, 'data')) as [Buffer];
  const stranger = identityOf(Number(printed.toString().trim()));
  // Until it has become `sleep` it still carries the mark.
  await expect.poll(() => readFileSync(`/proc/${stranger.pid}/cmdline`, 'utf8')).toBe('sleep\x00600\x00');
  onTestFinished(() => void process.kill(stranger.pid, 'SIGKILL'));
  const identity = identityOf(leader.pid!);
  leader.kill('SIGKILL');
  await once(leader, 'exit');
  expect(signalGroup(identity, 'MARK=ours', 'SIGKILL')).toBe(true);
  await expect.poll(() => signalGroup(identity, 'MARK=ours', 'SIGKILL')).toBe(false);
  expect(isAlive(stranger)).toBe(true);
});

it.each(['', '12', '12\nboot\n', 'closed\n', 'x\nboot\nline\n'])('reads no identity from %j', (text) =>
  expect(parseIdentity(text)).toBeUndefined(),
);

it('reads a name with parentheses and spaces', () => {
  const line = `7 (a) b (c) S 1 7 7 ${Array.from({ length: 15 }, () => '0').join(' ')} 4711 0`;
  expect(parseIdentity(`7\nb\n${line}\n`)).toEqual({ pid: 7, start: 'b 4711' });
});

it('finds processes by an entry of their environment', () => {
  const mark = `mark-${process.pid}-${Date.now()}`;
  const child = spawn('sleep', ['600'], { stdio: 'ignore', env: { ...process.env, MARK: mark, ROLE: 'a=b' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const expected = { ...identityOf(child.pid!), environment: { ROLE: 'a=b' } };
  expect(processesWith(`MARK=${mark}`, ['ROLE', 'OTHER'])).toEqual([expected]);
  expect(processesWith(`MARK=${mark}x`)).toEqual([]);
});

it('tells who has a number now, and how much memory', async () => {
  const { pid, ended } = sleeper();
  const identity = identityOf(pid);
  expect(identityNow(pid)).toEqual(identity);
  expect(residentBytes(identity)).toBeGreaterThan(0);
  signalGroup(identity, '', 'SIGKILL');
  await ended;
  expect([identityNow(pid), residentBytes(identity)]).toEqual([undefined, undefined]);
});

it('says that a group lives while only a child of its leader does', async () => {
  const leader = spawn('/bin/sh', ['-c', 'sleep 600 & echo started; exec sleep 600'], {
    detached: true,
    env: { ...process.env, MARK: 'ours' },
  });
  await once(leader.stdout, 'data');
  const identity = identityOf(leader.pid!);
  leader.kill('SIGKILL');
  await once(leader, 'exit');
  expect(isGroupAlive(identity, 'MARK=ours')).toBe(true);
  expect(isGroupAlive(identity, 'MARK=other')).toBe(false);
  signalGroup(identity, 'MARK=ours', 'SIGKILL');
  await expect.poll(() => isGroupAlive(identity, 'MARK=ours')).toBe(false);
});
