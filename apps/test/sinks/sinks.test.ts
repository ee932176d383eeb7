import { ManualClock } from '@millrace/core';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppMessage } from '../../src/runtime/message.ts';
import { fileSink } from '../../src/sinks/file.ts';
import { log } from '../../src/sinks/log.ts';
import { router } from '../../src/sinks/router.ts';
import { throughput } from '../../src/sinks/throughput.ts';
import { directory, make, sink, surroundings } from '../harness.ts';

const write = async (options: Record<string, unknown>, ...batches: AppMessage[][]) =>
  sink(fileSink, surroundings(fileSink, options), ...batches);

const routed = (routeTo: string) => make(routeTo, { headers: { routeTo } });

describe('log', () => {
  it('writes payloads under the name of the app at INFO', async () => {
    const around = surroundings(log);
    await sink(log, around, [make('a'), make({ b: 1 }), make(Buffer.from('c'))]);
    expect(around.logged.map((line) => line.slice(25))).toEqual([
      'INFO  [s/log] a\n',
      'INFO  [s/log] {"b":1}\n',
      'INFO  [s/log] c\n',
    ]);
  });

  it('uses its name, level and expression', async () => {
    const around = surroundings(log, {
      'log.consumer.name': 'orders',
      'log.consumer.level': 'debug',
      'log.consumer.expression': "payload + '!'",
    });
    await sink(log, around, [make('a')]);
    expect(around.logged[0]).toMatch(/DEBUG \[orders\] a!\n$/);
  });
});

describe('file sink', () => {
  it('appends a line per message', async () => {
    const path = directory();
    await write({ 'file.consumer.directory': join(path, 'deep', 'er') }, [make('a'), make({ b: 1 })], [make('ß')]);
    expect(readFileSync(join(path, 'deep', 'er', 'file-consumer'), 'utf8')).toBe('a\n{"b":1}\nß\n');
  });

  it('writes bytes as they are in binary mode', async () => {
    const path = directory();
    await write({ 'file.consumer.directory': path, 'file.consumer.binary': 'true' }, [make(Buffer.from([0xff, 0])), make('x')]);
    expect([...readFileSync(join(path, 'file-consumer'))]).toEqual([0xff, 0, 0x78]);
  });

  it('computes names and directories, and puts a dot before the suffix', async () => {
    const path = directory();
    const options = {
      'file.consumer.directory-expression': `'${path}/' + headers['region']`,
      'file.consumer.name-expression': 'payload.id',
      'file.consumer.suffix': 'json',
    };
    await write(options, [make('{"id":1}', { headers: { region: 'eu' } }), make('{"id":2}', { headers: { region: 'us' } })]);
    expect([readdirSync(join(path, 'eu')), readdirSync(join(path, 'us'))]).toEqual([['1.json'], ['2.json']]);
  });

  it('refuses names that leave the directory', async () => {
    const path = directory();
    const options = { 'file.consumer.directory': join(path, 'in'), 'file.consumer.name-expression': 'payload' };
    for (const name of ['../out', '/etc/out', '..']) {
      await expect(write(options, [make(name)])).rejects.toMatchObject({ reason: 'PAYLOAD_INVALID', code: 'INVALID_ARGUMENT' });
    }
    expect(readdirSync(path)).toEqual([]);
  });

  it.each([
    ['APPEND_NO_FLUSH', 'old\na\nb\n'],
    ['IGNORE', 'old\n'],
    ['REPLACE', 'b\n'],
    ['REPLACE_IF_MODIFIED', 'b\n'],
  ])('in mode %s an existing file ends as %j', async (mode, content) => {
    const path = directory();
    writeFileSync(join(path, 'file-consumer'), 'old\n');
    await write({ 'file.consumer.directory': path, 'file.consumer.mode': mode }, [make('a'), make('b')]);
    expect(readFileSync(join(path, 'file-consumer'), 'utf8')).toBe(content);
    expect(readdirSync(path)).toEqual(['file-consumer']);
  });

  it('fails where the file exists in mode FAIL', async () => {
    const path = directory();
    const failing = write({ 'file.consumer.directory': path, 'file.consumer.mode': 'FAIL' }, [make('a'), make('b')]);
    await expect(failing).rejects.toMatchObject({ reason: 'FILE_EXISTS', code: 'ALREADY_EXISTS' });
    expect(readFileSync(join(path, 'file-consumer'), 'utf8')).toBe('a\n');
  });

  it('writes text in its character set', async () => {
    const path = directory();
    await write({ 'file.consumer.directory': path, 'file.consumer.charset': 'iso-8859-1' }, [make('é')]);
    expect([...readFileSync(join(path, 'file-consumer'))]).toEqual([0xe9, 0x0a]);
  });
});

describe('throughput', () => {
  it('logs rates at its interval and at the end', async () => {
    const clock = new ManualClock();
    const around = surroundings(throughput, {}, { clock });
    const created = throughput.create(around.context as never);
    if (!('handleBatch' in created)) throw new Error('throughput takes batches');
    await created.handleBatch([make('abc'), make('d')]);
    expect(around.logged).toEqual([]);
    await clock.advance(2000);
    await created.handleBatch([make('e'), make('f')]);
    await created.handleBatch([make('g')]);
    await clock.advance(500);
    await created.close?.();
    expect(around.logged.map((line) => line.split('] ')[1])).toEqual([
      'Messages: 4 in 2000 ms = 2/s, 3 bytes/s\n',
      'Messages: 1 in 500 ms = 2/s, 2 bytes/s\n',
    ]);
  });
});

async function route(options: Record<string, unknown>, ...messages: AppMessage[]) {
  const sent: [string, unknown[]][] = [];
  const send = (destination: string, batch: readonly AppMessage[]) => {
    sent.push([destination, batch.map((message) => message.payload)]);
    return Promise.resolve();
  };
  const around = surroundings(router, options, { send });
  await sink(router, around, messages);
  return { sent, logged: around.logged };
}

describe('router', () => {
  it('sends to the destination in the header routeTo', async () => {
    expect((await route({}, routed('a'), routed('b'), routed('a'))).sent).toEqual([
      ['a', ['a', 'a']],
      ['b', ['b']],
    ]);
  });

  it('maps keys, and sends what has no mapping to the default', async () => {
    const options = {
      'router.expression': 'payload',
      'router.destination-mappings': 'sale=sales\\nreturn=returns',
      'router.default-output-binding': 'rest',
    };
    expect((await route(options, make('sale'), make('x'))).sent).toEqual([
      ['sales', ['sale']],
      ['rest', ['x']],
    ]);
  });

  it('drops messages without a key, visibly', async () => {
    const { sent, logged } = await route({}, make('x'));
    expect(sent).toEqual([]);
    expect(logged[0]).toContain('1 message(s) without a destination were dropped');
  });

  it('fails at keys without a mapping where resolution is required', async () => {
    const options = { 'router.expression': 'payload', 'router.resolution-required': 'true' };
    await expect(route(options, make('x'))).rejects.toMatchObject({ reason: 'PAYLOAD_INVALID' });
  });

  it('refuses scripts', async () => {
    await expect(route({ 'router.script': 'x.groovy' }, make('x'))).rejects.toMatchObject({ reason: 'UNSUPPORTED_OPTION' });
  });
});
