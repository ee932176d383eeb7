import { readFileSync } from 'node:fs';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import type { Binder } from '@millrace/messaging/binder';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rabbitBinder } from '../../src/index.ts';
import type { RabbitBinderOptions } from '../../src/index.ts';
import { optionsOf } from '../harness.ts';

const missing = await sandbox.missing('rabbitmq');

describe.skipIf(missing !== undefined)('a secured server', { timeout: 60_000 }, () => {
  const open: Binder[] = [];
  let server: RunningServer;
  let files: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  beforeAll(async () => {
    server = await sandbox.start('rabbitmq', { secure: true });
    const { ca, certificate, key } = server.settings.tls!;
    files = { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key) };
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => server?.stop());

  function binderWith(options: RabbitBinderOptions): Binder {
    const binder = rabbitBinder({ ...optionsOf(server), ...options });
    open.push(binder);
    return binder;
  }

  it('is used over TLS with a password', async () => {
    expect(await roundTrip(binderWith({ tls: files }))).toBe('secret');
  });

  it('is used with the name in the client certificate (EXTERNAL)', async () => {
    const subject = /CN ?= ?([^,/\n]+)/.exec(await nameOf(server))?.[1] ?? 'client';
    await server.nodes[0]!.run('rabbitmqctl', 'add_user', subject, 'unused').catch(() => '');
    await server.nodes[0]!.run('rabbitmqctl', 'clear_password', subject);
    await server.nodes[0]!.run('rabbitmqctl', 'set_permissions', '-p', '/', subject, '.*', '.*', '.*');
    expect(await roundTrip(binderWith({ tls: files, external: true, username: undefined, password: undefined }))).toBe('secret');
  });

  it('is not trusted without its authority', async () => {
    const binder = binderWith({ tls: true });
    const error = await binder.open().catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'UNTRUSTED', message: expect.stringContaining('certificate') });
  });
});

async function roundTrip(binder: Binder): Promise<string> {
  await binder.open();
  const consumer = await binder.bindConsumer('t', 'g');
  await (await binder.bindProducer('t')).send([{ payload: Buffer.from('secret'), headers: {} }]);
  const [delivery] = await consumer.receive(1, 10_000);
  await consumer.ack([delivery!]);
  return Buffer.from(delivery!.payload!).toString();
}

/** Who the client certificate is for. */
async function nameOf({ settings }: RunningServer): Promise<string> {
  const { X509Certificate } = await import('node:crypto');
  return new X509Certificate(readFileSync(settings.tls!.certificate)).subject;
}
