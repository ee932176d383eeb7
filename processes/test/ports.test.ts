import { utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { choosePort, isPortFree, PortClaims } from '../src/ports.ts';
import { temporaryDirectory } from './temporary.ts';

it('sees whether somebody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isPortFree(port)).toBe(true);
});

it('keeps to a range that leaves no room below the ports that the system hands out', async () => {
  const claims = new PortClaims(temporaryDirectory(), () => false);
  const port = await choosePort(claims, { from: 50_000, to: 50_100 }, '/owner');
  expect(port).toBeGreaterThanOrEqual(50_000);
  expect(port).toBeLessThan(50_100);
});

it('gives no port twice, and says when there is none left', async () => {
  const claims = new PortClaims(temporaryDirectory(), () => true);
  const found = await Promise.all(Array.from({ length: 8 }, () => choosePort(claims, { from: 20_100, to: 20_103 }, '/owner')));
  const given = found.filter((port) => port !== undefined);
  expect(new Set(given).size).toBe(given.length);
  expect(given.length).toBeLessThanOrEqual(3);
});

it('keeps an older claim while its owner needs it, and forgets it after', () => {
  const folder = temporaryDirectory();
  let needed = true;
  const claims = new PortClaims(folder, (port, owner) => needed && port === 20_000 && owner === '/mine');
  expect(claims.claim(20_000, '/mine')).toBe(true);
  utimesSync(join(folder, '20000'), new Date(0), new Date(0));
  expect([claims.claim(20_000, '/next'), claims.claim(20_000, '/next')]).toEqual([false, false]);
  needed = false;
  // Only a search that comes upon the outdated claim removes it; it does so without taking the port.
  expect([claims.claim(20_000, '/next'), claims.claim(20_000, '/next')]).toEqual([false, true]);
});

it('releases a port only for its owner', () => {
  const claims = new PortClaims(temporaryDirectory(), () => true);
  claims.claim(20_000, '/mine');
  claims.release(20_000, '/other');
  expect(claims.claim(20_000, '/other')).toBe(false);
  claims.release(20_000, '/mine');
  expect(claims.claim(20_000, '/other')).toBe(true);
});
