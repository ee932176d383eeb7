import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { choosePort, releasePorts } from '../src/ports.ts';
import type { ServerRecord } from '../src/server-kind.ts';
import { temporaryDirectory } from './temporary.ts';

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
