// The same definitions on real brokers as on the embedded binder: nothing in them says what carries them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, millrace, temporaryDirectory } from './command.ts';
import type { Outcome } from './command.ts';

interface BrokerCase {
  readonly broker: 'kafka' | 'rabbitmq';
  readonly properties: Readonly<Record<string, string>>;
}

const brokers: readonly BrokerCase[] = [
  { broker: 'kafka', properties: {} },
  // Definitions that read what was sent before they came need destinations that keep it.
  { broker: 'rabbitmq', properties: { 'spring.cloud.stream.rabbit.default.consumer.containerType': 'stream' } },
];
const missing = new Map(await Promise.all(brokers.map(async ({ broker }) => [broker, await sandbox.missing(broker)] as const)));

/** Spring's properties as the environment carries them. */
function environmentOf(settings: RunningServer['settings'], properties: BrokerCase['properties']): Record<string, string> {
  return { SPRING_APPLICATION_JSON: JSON.stringify({ ...settings.spring, ...properties }) };
}

describe.each(brokers)('on $broker', { timeout: 120_000 }, ({ broker, properties }) => {
  const runs = it.skipIf(missing.get(broker) !== undefined);
  let server: RunningServer;
  beforeAll(async () => {
    if (missing.get(broker) === undefined) server = await sandbox.start(broker);
  }, 120_000);
  afterAll(async () => server?.[Symbol.asyncDispose]());

  const command = async (args: readonly string[], cwd: string, input = ''): Promise<Outcome> =>
    millrace([...args, '--binder', broker], { cwd, input, env: environmentOf(server.settings, properties) });

  runs.each([
    ['fused', []],
    ['a process per app', ['--no-fuse']],
  ])('a pipeline over files runs to its end, %s', async (_, flags) => {
    const cwd = temporaryDirectory();
    const name = `big-${randomUUID().slice(0, 8)}`;
    mkdirSync(join(cwd, 'in'));
    writeFileSync(join(cwd, 'in/data'), Array.from({ length: 100 }, (_line, n) => JSON.stringify({ n })).join('\n'));
    const definition = `${name} = file --directory=in --mode=lines --once=true | filter --expression='payload.n >= 90' | transform --expression='payload.n * 2' | out: file --directory=. --name=out`;
    expect(await command(['run', ...flags, definition], cwd)).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'out'), 'utf8').trimEnd().split('\n')).toEqual(
      Array.from({ length: 10 }, (_line, n) => String((90 + n) * 2)),
    );
  });

  runs('definitions are connected by named destinations and taps', async () => {
    const cwd = temporaryDirectory();
    const definitions = [
      'made = load-generator --message-count=2000 --message-size=50 | bridge > :numbers',
      'count = :numbers > file --directory=. --name=numbers',
      'tapped = :made.load-generator > file --directory=. --name=tapped',
    ];
    expect(await command(['run', ...definitions], cwd)).toMatchObject({ code: 0 });
    for (const file of ['numbers', 'tapped'])
      expect(readFileSync(join(cwd, file), 'utf8').trimEnd().split('\n')).toHaveLength(2000);
    expect(readdirSync(cwd).toSorted()).toEqual(['numbers', 'tapped']);
  });

  runs('what fails is parked, corrected, and sent back to where it failed', async () => {
    const cwd = temporaryDirectory();
    expect(await command(['publish', 'orders'], cwd, '{"n": 1}\n{"n": "many"}\n{"n": 3}\n')).toMatchObject({ code: 0 });
    const pipeline = `doubled = :orders > transform --expression='payload.n * 2' | file --directory=. --name=out --mode=APPEND`;
    const running = runUntil(broker, pipeline, cwd, environmentOf(server.settings, properties));
    await expect.poll(() => running.lines(), { timeout: 30_000 }).toEqual(['2', '6']);
    const parked = await command(['parked', 'list', '--json'], cwd);
    const [{ id }] = jsonLines(parked.stdout) as [{ id: string }];
    const [{ id: edited }] = jsonLines((await command(['parked', 'edit', id, '{"n": 2}', '--json'], cwd)).stdout) as [
      { id: string },
    ];
    expect(await command(['parked', 'redrive', edited], cwd)).toMatchObject({ code: 0 });
    await expect.poll(() => running.lines(), { timeout: 30_000 }).toEqual(['2', '6', '4']);
    expect((await command(['parked', 'list', '--json'], cwd)).stdout).toBe('');
    await running.stop();
  });

  runs('tail, destinations and doctor show what is there', async () => {
    const cwd = temporaryDirectory();
    await command(['publish', 'readings', '{"celsius": 31}', '--key', 'a1', '-H', 'station=north'], cwd);
    const [read] = jsonLines((await command(['tail', 'readings', '--json'], cwd)).stdout);
    expect(read).toMatchObject({ payload: { celsius: 31 }, key: 'a1', headers: { station: 'north' } });
    expect((await command(['destinations'], cwd)).stdout).toContain('readings');
    const doctor = await command(['doctor'], cwd);
    expect(doctor).toMatchObject({ code: 0 });
    expect(doctor.stdout).toContain(`binder ${broker}: opened`);
  });
});

describe.each(brokers)('a bridge to $broker', { timeout: 120_000 }, ({ broker, properties }) => {
  it.skipIf(missing.get(broker) !== undefined)('carries what the embedded binder holds', async () => {
    await using server = await sandbox.start(broker);
    const cwd = temporaryDirectory();
    const env = environmentOf(server.settings, properties);
    await millrace(['publish', 'orders'], { cwd, input: '{"n": 1}\n{"n": 2}\n' });
    const definition = `copy = :orders > bridge --spring.cloud.stream.bindings.output.binder=${broker} > :copies`;
    const stop = new AbortController();
    const running = millrace(['run', definition], { cwd, env, signal: stop.signal });
    const there = async (): Promise<unknown[]> =>
      jsonLines((await millrace(['tail', 'copies', '--json', '--binder', broker], { cwd, env })).stdout);
    await expect.poll(there, { timeout: 30_000, interval: 500 }).toMatchObject([{ payload: { n: 1 } }, { payload: { n: 2 } }]);
    stop.abort();
    await running;
  });
});

describe('on rabbitmq with queues', { timeout: 120_000 }, () => {
  it.skipIf(missing.get('rabbitmq') !== undefined).each([
    ['fused', []],
    ['a process per app', ['--no-fuse']],
  ])('connected pipelines run to their end, %s', async (_, flags) => {
    await using server = await sandbox.start('rabbitmq');
    const cwd = temporaryDirectory();
    const definitions = [
      'made = load-generator --message-count=3000 --message-size=50 > :numbers',
      'count = :numbers > bridge | file --directory=. --name=numbers',
    ];
    const env = environmentOf(server.settings, {});
    const result = await millrace(['run', ...flags, ...definitions, '--binder', 'rabbitmq'], { cwd, env });
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'numbers'), 'utf8').trimEnd().split('\n')).toHaveLength(3000);
  });
});

/** A pipeline in the background, and the lines that it has written to `out` so far. */
function runUntil(broker: string, definition: string, cwd: string, env: Record<string, string>) {
  const stop = new AbortController();
  const running = millrace(['run', definition, '--binder', broker], { cwd, env, signal: stop.signal });
  return {
    lines: (): string[] => {
      try {
        return readFileSync(join(cwd, 'out'), 'utf8').trimEnd().split('\n');
      } catch {
        return [];
      }
    },
    async stop(): Promise<void> {
      stop.abort();
      expect(await running).toMatchObject({ code: 0 });
    },
  };
}
