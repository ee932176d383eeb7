import { describe, expect, it } from 'vitest';
import { reconcile } from '../src/reconcile.ts';
import { parseRequest, portOf } from '../src/request.ts';
import type { ServerRequest } from '../src/request.ts';
import type { ServerRecord } from '../src/server-kind.ts';

describe('a request', () => {
  it.each([
    ['kafka', 'kafka', '4.3.1'],
    ['kafka:4.3.1', 'kafka', '4.3.1'],
    ['kafka:3.9.2', 'kafka-3.9.2', '3.9.2'],
    ['rabbitmq:4.3', 'rabbitmq-4.3', '4.3'],
  ])('%s is named %s', (server, name, version) => expect(parseRequest({ server })).toMatchObject({ name, version }));

  it.each<[ServerRequest, string, string]>([
    [{ server: 'kafak' }, 'UNKNOWN_SERVER', "did you mean 'kafka'"],
    [{ server: 'kafka:1.0' }, 'UNKNOWN_VERSION', '4.3.1, 4.4.0, 3.9.2'],
    [{ server: 'redis', nodes: 3 }, 'BAD_NODES', 'redis runs with 1 nodes, not 3'],
    [{ server: 'redis', memory: 'much' }, 'BAD_MEMORY', '512m'],
    [{ server: 'redis', ports: { redis: 70_000 } }, 'BAD_PORT', '65535'],
    [{ server: 'redis', ports: { http: 80 } }, 'UNKNOWN_PORT', "no port 'http'; it has redis"],
    [{ server: 'redis', config: { save: 'a\nrequirepass x' } }, 'BAD_CONFIG_VALUE', "'save'"],
  ])('%j is refused: %s', (request, reason, part) =>
    expect(() => parseRequest(request)).toThrow(expect.objectContaining({ reason, message: expect.stringContaining(part) })),
  );

  it('numbers the ports of nodes on from the one that was given', () => {
    const { kind, ports } = parseRequest({ server: 'rabbitmq', ports: { rabbitmq: 5672, management: 15_672, epmd: 4370 } });
    const members = kind.members(3, false);
    const given = (name: string, port: string): number | undefined =>
      portOf(
        { kind, ports },
        members.find((member) => member.name === name)!,
        port,
      );
    expect(['node-1', 'node-2', 'node-3'].map((name) => given(name, 'amqp'))).toEqual([5672, 5673, 5674]);
    expect(given('node-2', 'management')).toBe(15_673);
    expect(given('epmd', 'epmd')).toBe(4370);
    expect(given('node-1', 'stream')).toBeUndefined();
  });
});

describe('a server that was set up before', () => {
  const record: ServerRecord = {
    format: 1,
    name: 'redis',
    kind: 'redis',
    version: 'system',
    directory: '/somewhere/redis',
    installation: { version: '7', paths: {} },
    members: [{ name: 'node-1', ports: { redis: 10_001 } }],
    memoryBytes: 256 * 2 ** 20,
    secure: false,
    config: { appendfsync: 'always' },
    credentials: { username: 'u', password: 'p' },
    seed: 'seed',
  };

  it('keeps what a request leaves out', () => {
    expect(reconcile(record, parseRequest({ server: 'redis' }), 'running')).toEqual(record);
  });

  it('takes other memory, ports and settings while it is stopped', () => {
    const request = parseRequest({ server: 'redis', memory: '64m', ports: { redis: 6379 }, config: {} });
    expect(reconcile(record, request, 'stopped')).toMatchObject({
      memoryBytes: 64 * 2 ** 20,
      config: {},
      members: [{ ports: { redis: 6379 } }],
    });
  });

  it.each<[Omit<ServerRequest, 'server'>, string]>([
    [{ memory: '64m' }, 'memory 256m, not 64m'],
    [{ ports: { redis: 6379 } }, 'ports 10001, not 6379'],
    [{ config: {} }, 'settings {"appendfsync":"always"}, not {}'],
  ])('refuses %j while it runs', (request, part) =>
    expect(() => reconcile(record, parseRequest({ server: 'redis', ...request }), 'running')).toThrow(
      expect.objectContaining({ reason: 'RUNNING_DIFFERS', message: expect.stringContaining(part) }),
    ),
  );

  it('never becomes secure, or of another size, with data that is not', () => {
    expect(() => reconcile(record, parseRequest({ server: 'redis', secure: true }), 'stopped')).toThrow(
      expect.objectContaining({ reason: 'DIFFERS', message: expect.stringContaining('--purge') }),
    );
  });
});
