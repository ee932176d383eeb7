import { readdirSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { choosePort, claimPort, isPortFree, releasePorts } from '../src/ports.ts';
import type { ServerRecord } from '../src/server-kind.ts';
import { temporaryDirectory } from './temporary.ts';

it('sees whether somebody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isPortFree(port)).toBe(true);
});

it('gives every asker ports of its own, below those that the system hands out', async () => {
  const env = { MILLRACE_CACHE: temporaryDirectory() };
  const ports = await Promise.all(Array.from({ length: 60 }, async (_, index) => choosePort(`/owner-${index}`, env)));
  expect(new Set(ports).size).toBe(60);
  for (const port of ports) expect(port).toBeLessThan(32_768);
});

it('gives released ports up, and only those of their owner', async () => {
  const env = { MILLRACE_CACHE: temporaryDirectory() };
  const [mine, theirs] = [await choosePort('/mine', env), await choosePort('/theirs', env)];
  const record = { directory: '/mine', members: [{ name: 'node-1', ports: { a: mine, b: theirs } }] } as unknown as ServerRecord;
  releasePorts(record, env);
  expect(readdirSync(join(env.MILLRACE_CACHE, 'ports'))).toEqual([String(theirs)]);
});

it('forgets claims of servers that are no more', async () => {
  const env = { MILLRACE_CACHE: temporaryDirectory() };
  const claims = join(env.MILLRACE_CACHE, 'ports');
  const port = await choosePort('/gone', env);
  utimesSync(join(claims, String(port)), new Date(0), new Date(0));
  // Only a search that comes upon the outdated claim removes it; it does so without taking the port.
  expect(claimPort(port, '/next', env)).toBe(false);
  expect(claimPort(port, '/next', env)).toBe(true);
});
