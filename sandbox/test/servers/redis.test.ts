import { describe, expect, it } from 'vitest';
import { sandbox } from '../../src/index.ts';
import { exchange } from '../../src/probe.ts';

const missing = await sandbox.missing('redis');

describe.skipIf(missing !== undefined)('redis', { timeout: 60_000 }, () => {
  it('keeps its data over a crash, a restart and a freeze', async () => {
    await using redis = await sandbox.start('redis', { memory: '32m' });
    const [node] = redis.nodes as [(typeof redis.nodes)[0]];
    const ask = async (command: string): Promise<string | undefined> => exchange(node.ports['redis']!, `${command}\r\n`);
    expect(await ask('SET kept 1')).toBe('+OK\r\n');
    await node.kill();
    expect(await node.state()).toBe('dead');
    expect(await ask('GET kept')).toBeUndefined();
    await node.start();
    expect(await ask('GET kept')).toBe('$1\r\n1\r\n');
    await node.restart();
    await node.pause();
    expect(await node.state()).toBe('paused');
    await node.resume();
    expect(await ask('GET kept')).toBe('$1\r\n1\r\n');
    expect(await ask('CONFIG GET maxmemory')).toContain(String(32 * 2 ** 20));
  });

  it('wants TLS and a password with --secure', async () => {
    await using redis = await sandbox.start('redis', { secure: true });
    const port = redis.nodes[0]!.ports['redis']!;
    const { tls, password } = redis.settings;
    expect(await exchange(port, 'GET x\r\n', tls!.ca)).toContain('NOAUTH');
    expect(await exchange(port, `AUTH ${password!}\r\n`, tls!.ca)).toBe('+OK\r\n');
    expect((await exchange(port, 'PING\r\n')) ?? '').not.toContain('PONG');
  });

  it('says what is wrong with a setting, from the log', async () => {
    await expect(sandbox.start('redis', { config: { maxclients: 'many' } })).rejects.toMatchObject({
      reason: 'ENDED_EARLY',
      message: expect.stringContaining('maxclients'),
    });
  });
});
