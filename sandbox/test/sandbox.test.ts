import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sandbox } from '../src/index.ts';
import type { Sandbox } from '../src/index.ts';
import { exchange } from '../src/probe.ts';
import { temporaryDirectory } from './temporary.ts';

const missing = await sandbox.missing('redis');

/** A sandbox whose servers end with the test. */
function openSandbox(): Sandbox {
  const opened = sandbox.open(join(temporaryDirectory(), 'sandbox'));
  onTestFinished(async () => void (await opened.down([], { purge: true })));
  return opened;
}

/** Runs a program over this package in a process of its own. */
function program(body: string): ChildProcess {
  const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning', '--input-type=module'];
  const child = spawn(process.execPath, [...flags, '-e', `import { sandbox } from '@millrace/sandbox';\n${body}`], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout!, 'data')) as [Buffer];
  return data.toString().trim();
}

async function answers(port: number): Promise<boolean> {
  return (await exchange(port, 'PING\r\n')) !== undefined;
}

describe.skipIf(missing !== undefined)('a sandbox', { timeout: 60_000 }, () => {
  it('starts a server once, however often and from however many processes it is asked to', async () => {
    const opened = openSandbox();
    const up = `await sandbox.open(${JSON.stringify(opened.directory)}).up([{ server: 'redis' }]);`;
    const codes = await Promise.all([program(up), program(up), program(up)].map(async (child) => once(child, 'exit')));
    expect(codes.map(([code]) => code as unknown)).toEqual([0, 0, 0]);
    const [status] = await opened.status();
    await opened.up([{ server: 'redis' }]);
    expect((await opened.status())[0]).toEqual(status);
    expect(status).toMatchObject({ server: 'redis', node: 'node-1', state: 'ready' });
  });

  it('shows a dead server as dead and starts it again with its data, until that is purged', async () => {
    const opened = openSandbox();
    const [server] = await opened.up([{ server: 'redis' }]);
    const port = server!.record.members[0]!.ports['redis']!;
    await exchange(port, 'SET kept 1\r\n');
    process.kill(server!.members[0]!.pid!, 'SIGKILL');
    await expect.poll(async () => (await opened.status())[0]!.state).toBe('dead');
    await opened.up([{ server: 'redis' }]);
    expect(await exchange(port, 'GET kept\r\n')).toContain('1');
    expect(await opened.down()).toEqual(['redis']);
    expect((await opened.status())[0]!.state).toBe('stopped');
    await opened.up([{ server: 'redis' }]);
    expect(await exchange(port, 'GET kept\r\n')).toContain('1');
    await opened.down(['redis'], { purge: true });
    expect([await opened.status(), readdirSync(opened.directory)]).toEqual([[], ['lock']]);
  });

  it('ends what a process left that was killed while it started a server', async () => {
    const opened = openSandbox();
    const child = program(`await sandbox.open(${JSON.stringify(opened.directory)}).up([{ server: 'redis' }]);`);
    await expect.poll(() => existsSync(join(opened.directory, 'redis/node-1/pid')), { interval: 1, timeout: 20_000 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [status] = await opened.status();
    expect(status!.pid).toBeGreaterThan(0);
    await opened.down();
    expect((await opened.status())[0]!.state).toBe('stopped');
    expect(await answers(status!.ports['redis']!)).toBe(false);
  });

  it('ends a test’s server, and removes all of it, when the test process is killed', async () => {
    const child = program(
      `const server = await sandbox.start('redis'); console.log(server.nodes[0].ports.redis); setInterval(() => {}, 1000);`,
    );
    const port = Number(await firstLine(child));
    expect(await answers(port)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(async () => answers(port), { timeout: 20_000 }).toBe(false);
  });

  it('lets the process end by itself while a server of it runs', async () => {
    const child = program(`const server = await sandbox.start('redis'); console.log(server.nodes[0].ports.redis);`);
    const port = Number(await firstLine(child));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await expect.poll(async () => answers(port), { timeout: 20_000 }).toBe(false);
  });

  it('says which port is taken, and does not take another server for its own', async () => {
    const other = createServer((socket) => socket.end('+PONG\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(openSandbox().up([{ server: 'redis', ports: { redis: port } }])).rejects.toMatchObject({
      reason: 'PORT_TAKEN',
      message: expect.stringMatching(new RegExp(`port ${port} .*--port redis\\.redis=`)),
    });
  });

  it('ends what it started where the start is cancelled', async () => {
    const opened = openSandbox();
    const stop = new AbortController();
    const starting = opened.up([{ server: 'redis', config: { slaveof: '127.0.0.1 1' } }], {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(starting).rejects.toMatchObject({ reason: 'CANCELLED' });
    expect((await opened.status()).map(({ state }) => state)).toEqual(['stopped']);
  });
});
