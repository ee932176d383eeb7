import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sandbox } from '@millrace/sandbox';
import { commandLine, jsonLines, millrace, temporaryDirectory } from './command.ts';

const missing = await sandbox.missing('redis');

/** A working directory whose servers end with the test. */
function workingDirectory(): string {
  const cwd = temporaryDirectory();
  onTestFinished(async () => void (await sandbox.open(join(cwd, '.millrace/sandbox')).down([], { purge: true })));
  return cwd;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const found = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return found;
}

interface Shown {
  readonly server: string;
  readonly nodes: readonly { readonly state: string; readonly pid: number; readonly ports: Record<string, number> }[];
  readonly env: Readonly<Record<string, string>>;
}

describe.skipIf(missing !== undefined)('millrace sandbox', { timeout: 60_000 }, () => {
  it('brings a server up, prints how to connect, shows it, and ends it', async () => {
    const cwd = workingDirectory();
    const up = await millrace(['sandbox', 'up', 'redis', '--memory', '64m'], { cwd });
    expect(up).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^export REDIS_URL='redis:\/\/127\.0\.0\.1:\d+\/0'\nexport SPRING_DATA_REDIS_HOST=/),
    });
    expect(up.stderr).toMatch(/redis: ready after [\d.]+ s on 127\.0\.0\.1:\d+/);
    const spring = await millrace(['sandbox', 'status', '--format', 'spring'], { cwd });
    expect(spring.stdout).toContain('spring.data.redis.host=127.0.0.1\n');
    const [shown] = jsonLines((await millrace(['sandbox', 'up', 'redis', '--json'], { cwd })).stdout) as [Shown];
    expect(up.stdout).toContain(shown.env['REDIS_URL']);
    expect(await listens(shown.nodes[0]!.ports['redis']!)).toBe(true);
    expect((await millrace(['sandbox', 'status'], { cwd })).stdout).toMatch(/^redis +[\d.]+ +node-1 +ready +\d+ +redis \d+$/m);
    expect((await millrace(['sandbox', 'logs', 'redis', '-n', '1'], { cwd })).stdout).toMatch(/Ready to accept connections/i);
    expect(await millrace(['sandbox', 'down', '--purge'], { cwd })).toMatchObject({
      code: 0,
      stdout: 'redis is down, its data removed\n',
    });
    expect(await listens(shown.nodes[0]!.ports['redis']!)).toBe(false);
    expect((await millrace(['sandbox', 'status'], { cwd })).stderr).toContain('no servers here');
  });

  it('shows a server that died, and what to do', async () => {
    const cwd = workingDirectory();
    const [shown] = jsonLines((await millrace(['sandbox', 'up', 'redis', '--json'], { cwd })).stdout) as [Shown];
    process.kill(shown.nodes[0]!.pid, 'SIGKILL');
    const status = await millrace(['sandbox', 'status'], { cwd });
    expect(status.stdout).toMatch(/^redis .* dead +- /m);
    expect(status.stderr).toContain("'up redis' starts it again");
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('ends servers with the command in the foreground, by %s', async (signal) => {
    const cwd = workingDirectory();
    const [file, ...args] = commandLine(['sandbox', 'up', 'redis', '--foreground', '--json']);
    const child = spawn(file!, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const [shown] = jsonLines(printed.toString()) as [Shown];
    const port = shown.nodes[0]!.ports['redis']!;
    expect(await listens(port)).toBe(true);
    child.kill(signal);
    await once(child, 'exit');
    await expect.poll(async () => listens(port), { timeout: 20_000 }).toBe(false);
  });

  it('says what is wrong with what was asked for', async () => {
    const cwd = workingDirectory();
    const wrong = async (...args: string[]) => millrace(['sandbox', ...args], { cwd });
    expect(await wrong('up', 'redsi')).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean 'redis'?") });
    expect(await wrong('up', 'redis', '--nodes', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('1 nodes, not 3'),
    });
    expect(await wrong('logs', 'kafka')).toMatchObject({ code: 1, stderr: expect.stringContaining("'millrace sandbox up kafka'") });
    expect(await wrong('up', 'redis', '--format', 'yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('env, spring'),
    });
    expect((await wrong('status')).stderr).toContain('no servers here');
  });
});

it('proposes servers and versions', async () => {
  const proposals = (await millrace(['complete', '--', 'sandbox', 'up', 'ka'])).stdout.split('\n');
  expect(proposals).toEqual(expect.arrayContaining(['kafka', 'kafka:3.9.2']));
});
