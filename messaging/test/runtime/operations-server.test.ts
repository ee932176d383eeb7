import { expect, onTestFinished, test } from 'vitest';
import { eventStream } from '../../src/index.ts';
import { serveOperations } from '../../src/runtime/operations-server.ts';
import { memoryBinder, override, runtimeOn } from '../support.ts';
import type { BinderListener } from '../../src/binder/index.ts';
import { MillraceError } from '@millrace/core';

test('metrics and health are served on the loopback address', async () => {
  const mr = runtimeOn(memoryBinder());
  await mr.publish(eventStream('readings'), { celsius: 1 });
  const server = await serveOperations(mr, { port: 0 });
  onTestFinished(() => server.close());
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const metrics = await fetch(`${server.url}/metrics?x=1`);
  expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
  expect(await metrics.text()).toContain('millrace_published_total{destination="readings"} 1');
  const health = await fetch(`${server.url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: 'up', binders: { memory: { status: 'up' } } });
  expect((await fetch(`${server.url}/`)).status).toBe(404);
  expect((await fetch(`${server.url}/health`, { method: 'POST' })).status).toBe(405);
});

test('health turns red while a binder is away, and green when it is back', async () => {
  const binder = memoryBinder();
  let listener: BinderListener | undefined;
  const mr = runtimeOn(override(binder, { open: (given) => ((listener = given), binder.open(given)) }));
  await mr.publish(eventStream('readings'), {});
  const server = await serveOperations(mr, { port: 0 });
  onTestFinished(() => server.close());
  listener!.disconnected!(new MillraceError('connection reset', { code: 'UNAVAILABLE', reason: 'X' }));
  const down = await fetch(`${server.url}/health`);
  expect(down.status).toBe(503);
  expect(await down.json()).toMatchObject({ status: 'down', binders: { memory: { status: 'down', error: 'connection reset' } } });
  expect(mr.metrics()).toContain('millrace_binder_up{binder="memory"} 0');
  listener!.reconnected!();
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

test("a port that is taken is the caller's to know", async () => {
  const mr = runtimeOn(memoryBinder());
  const first = await serveOperations(mr, { port: 0 });
  onTestFinished(() => first.close());
  await expect(serveOperations(mr, { port: Number(new URL(first.url).port) })).rejects.toThrow(/EADDRINUSE/);
});
