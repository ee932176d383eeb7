import { describe, expect, it } from 'vitest';
import { sandbox } from '../../src/index.ts';
import { KafkaWire } from './kafka-wire.ts';

const missing = await sandbox.missing('kafka');

describe.skipIf(missing !== undefined)('kafka', { timeout: 180_000 }, () => {
  it('keeps its topics over a crash, a restart and a freeze', async () => {
    await using kafka = await sandbox.start('kafka', { config: { 'auto.create.topics.enable': 'true' } });
    const [address] = kafka.settings.addresses as [string];
    const [node] = kafka.nodes as [(typeof kafka.nodes)[0]];
    await topicIsThere(address, ['kept']);
    await node.kill();
    expect([await node.state(), node.pid]).toEqual(['dead', undefined]);
    await expect(KafkaWire.open(address)).rejects.toThrow('ECONNREFUSED');
    await node.start();
    await topicIsThere(address);
    await node.restart();
    await topicIsThere(address);
    await node.pause();
    expect(await node.state()).toBe('paused');
    await node.resume();
    await topicIsThere(address);
  });

  it('runs 3.9 beside the default', async () => {
    await using kafka = await sandbox.start('kafka:3.9.2');
    expect(kafka.version).toBe('3.9.2');
    using wire = await KafkaWire.open(kafka.settings.addresses[0]!);
    expect(await wire.metadata()).toContain('127.0.0.1');
  });

  it('lets in who has the password or the certificate, over TLS', async () => {
    await using kafka = await sandbox.start('kafka', { secure: true });
    const { addresses, username, password, tls, endpoints } = kafka.settings;
    const ca = { ca: tls!.ca };
    using right = await KafkaWire.open(addresses[0]!, ca);
    expect(await right.login(username!, password!)).toBe(0);
    expect(await right.metadata()).toContain('127.0.0.1');
    using wrong = await KafkaWire.open(addresses[0]!, ca);
    expect(await wrong.login(username!, 'guessed')).toBe(58);
    const mtls = endpoints['mtls node-1']!;
    using known = await KafkaWire.open(mtls, { ca: tls!.ca, cert: tls!.certificate, key: tls!.key });
    expect(await known.metadata()).toContain('127.0.0.1');
    await expect(KafkaWire.open(mtls, ca).then(async (wire) => wire.metadata())).rejects.toThrow();
  });

  it('goes on with two of three nodes and takes the third back', async () => {
    await using kafka = await sandbox.start('kafka', { nodes: 3, config: { 'auto.create.topics.enable': 'true' } });
    const { addresses } = kafka.settings;
    await topicIsThere(addresses[0]!, ['kept']);
    await kafka.nodes[0]!.kill();
    await topicIsThere(addresses[1]!);
    await kafka.nodes[0]!.start();
    await topicIsThere(addresses[0]!);
  });
});

/** Waits until a broker tells of the topic `kept`; metadata reaches it some time after its start. */
async function topicIsThere(address: string, create?: readonly string[]): Promise<void> {
  await expect
    .poll(
      async () => {
        using wire = await KafkaWire.open(address);
        return await wire.metadata(create);
      },
      { timeout: 20_000, interval: 200 },
    )
    .toContain('\0\0\0\x04kept');
}
