import { describe, expect, it } from 'vitest';
import { serverRequests } from '../src/sandbox-requests.ts';

const none = { nodes: [], memory: [], port: [], set: [] };

describe('options about servers', () => {
  it('mean every server without a name before them, and one with it', () => {
    const requests = serverRequests(['kafka', 'rabbitmq:4.3'], {
      ...none,
      nodes: ['3'],
      memory: ['512m', 'kafka=1g'],
      port: ['kafka=9092', 'rabbitmq:4.3.management=15672'],
      set: ['rabbitmq-4.3.channel_max=9', 'kafka.log.retention.ms=60000'],
    });
    expect(requests).toEqual([
      { server: 'kafka', nodes: 3, memory: '1g', ports: { kafka: 9092 }, config: { 'log.retention.ms': '60000' } },
      { server: 'rabbitmq:4.3', nodes: 3, memory: '512m', ports: { management: 15_672 }, config: { channel_max: '9' } },
    ]);
  });

  it('name the main port by the server', () => {
    expect(serverRequests(['kafka:3.9.2'], { ...none, port: ['kafka:3.9.2=9092'] })[0]!.ports).toEqual({ kafka: 9092 });
  });

  it('leave open what they do not say', () => {
    expect(serverRequests(['redis'], none)).toEqual([{ server: 'redis', nodes: undefined, memory: undefined, ports: {} }]);
  });

  it.each([
    [{ port: ['redis=6379'] }, "'--port redis=6379'"],
    [{ port: ['kafka'] }, 'server=number'],
    [{ port: ['kafka='] }, 'kafka='],
    [{ port: ['kafka=many'] }, "not 'many'"],
    [{ nodes: ['some'] }, '--nodes must be a whole number'],
    [{ set: ['kafka=1'] }, 'server.setting=value'],
  ])('%j is refused', (flags, part) => expect(() => serverRequests(['kafka'], { ...none, ...flags })).toThrow(part));
});
