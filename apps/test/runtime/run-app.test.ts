import { ManualClock } from '@millrace/core';
import { eventStream } from '@millrace/messaging';
import { describe, expect, it, onTestFinished } from 'vitest';
import { appHelp, Catalogue, runApp } from '../../src/index.ts';
import type { AppKind, RunAppOptions } from '../../src/index.ts';
import { bench } from '../pipeline/fixtures.ts';
import type { Bench } from '../pipeline/fixtures.ts';

async function start({ catalogue, connect }: Bench, kind: AppKind, name: string, args: string[], env: Record<string, string> = {}) {
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<{ port: number }>();
  const logged: string[] = [];
  const logger: RunAppOptions['logger'] = { log: (_, text) => void logged.push(text), named: () => logger! };
  const done = runApp(catalogue.require(kind, name), {
    args,
    env,
    configDirectories: [],
    connect,
    logger,
    signal: stop.signal,
    handleSignals: false,
    onReady: resolve,
  });
  onTestFinished(async () => {
    stop.abort();
    await done.catch(() => undefined);
  });
  const { port } = await Promise.race([ready, done.then(() => Promise.reject(new Error('It ended.')))]);
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, body: (await response.json()) as never };
  };
  return { url, get, done, stop, logged };
}

const quiet = '--server.port=0';
const input = 'spring.cloud.stream.bindings.input';
const output = 'spring.cloud.stream.bindings.output';

describe('runApp', () => {
  it('binds a processor to its destinations, as told in any form', async () => {
    const around = bench();
    await around.publish('in', [{ a: 1 }, { a: 5 }]);
    const env = {
      SPRING_APPLICATION_JSON: JSON.stringify({
        [`${input}.destination`]: 'in',
        spring: { cloud: { stream: { bindings: { input: { group: 'g' } } } } },
      }),
      SPRING_CLOUD_STREAM_BINDINGS_OUTPUT_DESTINATION: 'out',
    };
    const app = await start(around, 'processor', 'filter', [quiet, '--expression=payload.a > 1'], env);
    const got = new Promise((resolve) => {
      void around.runtime.subscribe(eventStream('out'), { group: 'test' }, resolve);
    });
    expect(await got).toEqual({ a: 5 });
    app.stop.abort();
    expect(await app.done).toMatchObject({ label: 'filter', in: 2, out: 1, failed: 0, parked: 0 });
  });

  it('serves an http source and the management endpoints on one port', async () => {
    const around = bench();
    const app = await start(around, 'source', 'http', [quiet, `--${output}.destination=orders`, '--path-pattern=/in']);
    const response = await fetch(`${app.url}/in`, {
      method: 'POST',
      body: '{"i":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(202);
    expect((await app.get('/actuator/health')).body).toMatchObject({ status: 'UP', components: { binders: {} } });
    app.stop.abort();
    expect(await app.done).toMatchObject({ out: 1 });
  });

  it('ends when a source ends, after all was published', async () => {
    const around = bench();
    const args = [quiet, `--items=[{"i":1},{"i":2}]`, `--${output}.destination=orders`];
    const result = await runApp(around.catalogue.require('source', 'emit'), {
      args,
      env: {},
      configDirectories: [],
      connect: around.connect,
      handleSignals: false,
    });
    expect(result).toMatchObject({ out: 2 });
    const read: unknown[] = [];
    for await (const batch of around.runtime.read(eventStream('orders'))) read.push(...batch.map((event) => event.payload));
    expect(read).toEqual([{ i: 1 }, { i: 2 }]);
  });

  it('chooses partitions by the key expression, as Java does', async () => {
    const around = bench();
    const args = [quiet, `--items=[{"c":"abc"},{"c":"a"},{"c":"qux1"}]`, `--${output}.destination=orders`];
    args.push(`--${output}.producer.partitionKeyExpression=payload.c`, `--${output}.producer.partitionCount=3`);
    const options = { args, env: {}, configDirectories: [], connect: around.connect, handleSignals: false };
    await runApp(around.catalogue.require('source', 'emit'), options);
    const found: Record<string, number> = {};
    for await (const batch of around.runtime.read(eventStream<{ c: string }>('orders'))) {
      for (const event of batch) found[event.payload.c] = event.partition;
    }
    expect(found).toEqual({ abc: 0, a: 1, qux1: 0 });
  });

  it('drains on SIGTERM', async () => {
    const around = bench();
    const ready = Promise.withResolvers<unknown>();
    const done = runApp(around.catalogue.require('sink', 'log'), {
      args: [quiet],
      env: {},
      configDirectories: [],
      connect: around.connect,
      onReady: ready.resolve,
    });
    await ready.promise;
    process.emit('SIGTERM', 'SIGTERM');
    expect(await done).toMatchObject({ label: 'log' });
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  it('gives up after the deadline where the runtime does not close', async () => {
    const around = bench();
    const clock = new ManualClock();
    const stop = new AbortController();
    const ready = Promise.withResolvers<unknown>();
    const connect = async () => Object.assign(await around.connect(), { close: () => new Promise<void>(() => undefined) });
    const done = runApp(around.catalogue.require('sink', 'log'), {
      args: [quiet],
      env: {},
      configDirectories: [],
      connect,
      clock,
      signal: stop.signal,
      handleSignals: false,
      drainMs: 100,
      onReady: ready.resolve,
    });
    const failed = expect(done).rejects.toMatchObject({ reason: 'CLOSE_TIMEOUT', code: 'DEADLINE_EXCEEDED' });
    await ready.promise;
    stop.abort();
    for (let step = 0; step < 50; step++) {
      await new Promise(setImmediate);
      await clock.advance(100);
    }
    await failed;
  });

  it('refuses a mistyped option, one that is missing and composed functions', async () => {
    const around = bench();
    const run = (name: string, ...args: string[]) =>
      runApp(around.catalogue.require('source', name), { args, env: {}, configDirectories: [], connect: around.connect });
    await expect(run('time', '--fixd-delay=1')).rejects.toMatchObject({
      message: expect.stringContaining("did you mean 'fixed-delay'"),
    });
    await expect(run('time', '--spring.cloud.function.definition=timeSupplier,filterFunction')).rejects.toMatchObject({
      reason: 'COMPOSITION_UNSUPPORTED',
    });
    await expect(run('emit')).rejects.toMatchObject({ reason: 'OPTION_REQUIRED' });
  });
});

async function managed(...args: string[]) {
  const around = bench();
  const app = await start(around, 'sink', 'collect', [quiet, `--${input}.destination=in`, `--${input}.group=g`, ...args]);
  return { ...around, ...app };
}

describe('the management endpoints', () => {
  it('list bindings, and pause and resume them', async () => {
    const { get, url, publish, texts } = await managed();
    const state = (wanted: string) =>
      fetch(`${url}/actuator/bindings/input`, { method: 'POST', body: JSON.stringify({ state: wanted }) });
    expect((await get('/actuator/bindings')).body).toEqual([
      { bindingName: 'input', name: 'in', group: 'g', state: 'running', input: true, pausable: true },
    ]);
    expect((await state('PAUSED')).status).toBe(204);
    expect((await get('/actuator/bindings/input')).body).toMatchObject([{ state: 'paused' }]);
    await publish('in', [1]);
    expect((await state('STOPPED')).status).toBe(204);
    expect((await get('/actuator/bindings/input')).body).toMatchObject([{ state: 'stopped' }]);
    expect(texts()).toEqual([]);
    expect((await state('STARTED')).status).toBe(204);
    while (texts().length === 0) await new Promise(setImmediate);
    expect(texts()).toEqual(['1']);
    expect((await state('BROKEN')).status).toBe(400);
    expect((await get('/actuator/bindings/output')).status).toBe(404);
  });

  it('tell name and version, and metrics in both forms', async () => {
    const { get, url } = await managed();
    expect((await get('/actuator/info')).body).toMatchObject({ app: { name: 'collect-sink', version: '0.0.0' } });
    expect((await get('/actuator')).body).toHaveProperty('_links.health.href', '/actuator/health');
    const text = await (await fetch(`${url}/actuator/prometheus`)).text();
    expect(text).toContain('# TYPE millrace_handled_total counter');
    const { names } = (await get('/actuator/metrics')).body as { names: string[] };
    expect(names).toContain('millrace_handled_total');
    expect((await get('/actuator/metrics/millrace_handled_total')).body).toMatchObject({ measurements: [{ value: 0 }] });
    expect((await get('/actuator/metrics/none')).status).toBe(404);
    expect((await get('/actuator/none')).status).toBe(404);
    expect((await get('/other')).status).toBe(404);
  });

  it('shut the app down only where that is enabled', async () => {
    const closed = await managed();
    expect((await fetch(`${closed.url}/actuator/shutdown`, { method: 'POST' })).status).toBe(404);
    for (const path of ['/actuator/shutdown', '/shutdown']) {
      const open = await managed('--endpoints.shutdown.enabled=true');
      expect((await fetch(open.url + path, { method: 'POST' })).status).toBe(200);
      await open.done;
    }
  });
});

it('appHelp lists the options of an app and those of all', () => {
  const help = appHelp(new Catalogue().require('source', 'time'));
  expect(help).toContain('--date-format=<string>');
  expect(help).toContain('--spring.cloud.stream.bindings.output.destination=<string>');
});
