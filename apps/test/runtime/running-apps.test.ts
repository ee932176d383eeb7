import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { eventStream } from '@millrace/messaging';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runApps } from '../../src/index.ts';
import type { AppToRun, RunAppOptions } from '../../src/index.ts';
import { bench } from '../pipeline/fixtures.ts';
import type { Bench } from '../pipeline/fixtures.ts';

const input = 'spring.cloud.stream.bindings.input';
const output = 'spring.cloud.stream.bindings.output';

type Apps = readonly [AppToRun, ...AppToRun[]];

/** `emit | filter | collect` of the stream `s`, as a deployer hands it to one process. */
function pipeline({ catalogue }: Bench, changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}): Apps {
  return [
    {
      definition: catalogue.require('source', 'emit'),
      properties: { items: '[{"n":1},{"n":2},{"n":3}]', [`${output}.destination`]: 's.emit', ...changes['emit'] },
    },
    {
      definition: catalogue.require('processor', 'filter'),
      properties: {
        expression: 'payload.n > 1',
        [`${input}.destination`]: 's.emit',
        [`${input}.group`]: 's',
        [`${output}.destination`]: 's.filter',
        ...changes['filter'],
      },
    },
    {
      definition: catalogue.require('sink', 'collect'),
      properties: { [`${input}.destination`]: 's.filter', [`${input}.group`]: 's', ...changes['collect'] },
    },
  ];
}

function options(around: Bench, port = 0): RunAppOptions {
  return {
    args: [],
    env: { SPRING_APPLICATION_JSON: JSON.stringify({ 'spring.cloud.dataflow.stream.name': 's', 'server.port': port }) },
    configDirectories: [],
    connect: around.connect,
    handleSignals: false,
    logger: { log: () => undefined, named: () => options(around).logger! },
  };
}

async function destinations({ runtime }: Bench): Promise<readonly string[]> {
  const { raw } = await runtime.binder();
  return (await raw.provisioner.list()).map(({ name }) => name);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('apps that share a process', () => {
  it('hand messages over directly, each with its own properties, and tell what each did', async () => {
    const around = bench();
    const done = await runApps(pipeline(around), options(around));
    expect(around.texts()).toEqual(['{"n":2}', '{"n":3}']);
    expect(done.map(({ app, in: received, out }) => [app, received, out])).toEqual([
      ['emit', 0, 3],
      ['filter', 3, 2],
      ['collect', 2, 0],
    ]);
    expect((await destinations(around)).filter((name) => name.startsWith('s.'))).toEqual([]);
  });

  it('also send to the destination between them where that is asked for', async () => {
    const around = bench();
    await runApps(pipeline(around, { filter: { 'millrace.bindings.output.tap': true } }), options(around));
    expect((await destinations(around)).filter((name) => name.startsWith('s.'))).toEqual(['s.filter']);
    const read: unknown[] = [];
    for await (const batch of around.runtime.read(eventStream('s.filter'))) read.push(...batch.map(({ payload }) => payload));
    expect(read).toEqual([{ n: 2 }, { n: 3 }]);
  });

  it('must be bound to each other', async () => {
    const around = bench();
    const apart = pipeline(around, { collect: { [`${input}.destination`]: 'elsewhere' } });
    const error = { reason: 'NOT_NEIGHBOURS', code: 'INVALID_ARGUMENT', message: expect.stringContaining("reads 'elsewhere'") };
    await expect(runApps(apart, options(around))).rejects.toMatchObject(error);
  });

  it('show the bindings of the ends, and all apps in their information', async () => {
    const around = bench();
    const stop = new AbortController();
    const ready = Promise.withResolvers<{ readonly port: number }>();
    const [, filter, collect] = pipeline(around);
    const settings = { ...options(around), signal: stop.signal, onReady: ready.resolve };
    const done = runApps([filter!, collect!], settings);
    const { port } = await ready.promise;
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}/actuator/${path}`)).json();
    expect(await get('bindings')).toMatchObject([{ bindingName: 'input', name: 's.emit', group: 's' }]);
    expect(await get('info')).toMatchObject({ app: { name: 'filter-processor' }, apps: [{}, { name: 'collect-sink' }] });
    stop.abort();
    await done;
  });
});

describe('an app in a process of its own', () => {
  it('is not healthy before it has begun to work', async () => {
    const around = bench();
    const port = await freePort();
    const stop = new AbortController();
    const connected = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<unknown>();
    const [, , collect] = pipeline(around);
    const connect = async () => {
      await connected.promise;
      return around.connect();
    };
    const done = runApps([collect!], { ...options(around, port), connect, signal: stop.signal, onReady: ready.resolve });
    const health = async () => (await fetch(`http://127.0.0.1:${port}/actuator/health`)).status;
    await expect.poll(() => health().catch(() => 0)).toBe(503);
    connected.resolve();
    await ready.promise;
    expect(await health()).toBe(200);
    stop.abort();
    await done;
  });

  it('stays when its source has ended, where that is wanted', async () => {
    const around = bench();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const ready = Promise.withResolvers<{ readonly port: number }>();
    const done = runApps(pipeline(around), { ...options(around), stay: true, signal: stop.signal, onReady: ready.resolve });
    const { port } = await ready.promise;
    await expect.poll(() => around.texts().length).toBe(2);
    expect((await fetch(`http://127.0.0.1:${port}/actuator/health`)).status).toBe(200);
    stop.abort();
    expect((await done)[0]).toMatchObject({ out: 3 });
  });
});
