import amqplib from 'amqplib';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import type { Binder, OutboundMessage } from '@millrace/messaging/binder';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rabbitBinder } from '../../src/index.ts';
import type { RabbitBinderOptions } from '../../src/index.ts';
import { optionsOf } from '../harness.ts';
import { servers } from '../versions.ts';

const missing = await Promise.all(servers.map(async (server) => [server, await sandbox.missing(server)] as const));

function message(text: string): OutboundMessage {
  return { payload: Buffer.from(text), headers: {} };
}

describe.each(missing)('%s', { timeout: 60_000 }, (name, reason) => {
  const runs = it.skipIf(reason !== undefined);
  const open: Binder[] = [];
  let server: RunningServer;

  beforeAll(async () => {
    if (reason === undefined) server = await sandbox.start(name);
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => server?.stop());

  async function opened(options: RabbitBinderOptions = {}): Promise<Binder> {
    const binder = rabbitBinder({ ...optionsOf(server), ...options });
    open.push(binder);
    await binder.open();
    return binder;
  }

  async function withChannel<T>(work: (channel: amqplib.Channel) => Promise<T>): Promise<T> {
    const { username, password, addresses } = optionsOf(server);
    const connection = await amqplib.connect(`amqp://${username}:${password}@${String(addresses)}`);
    try {
      return await work(await connection.createChannel());
    } finally {
      await connection.close();
    }
  }

  /** Why a binder does not open: code and text, in which no password may be. */
  async function refusal(options: RabbitBinderOptions): Promise<string> {
    const binder = rabbitBinder({ ...optionsOf(server), ...options });
    const error = await binder.open().then(
      () => new Error('it opened'),
      (problem: unknown) => problem,
    );
    await binder.close();
    const text = `${binder.errorCode(error)} ${String(error)} ${JSON.stringify(error)}`;
    expect(text).not.toContain('hunter2');
    return text;
  }

  runs('a message that no queue gets is an error that names the destination', async () => {
    const producer = await (await opened()).bindProducer('nobody');
    const [outcome] = await producer.send([message('x')]);
    expect(outcome!.error).toMatchObject({ reason: 'UNROUTABLE', message: expect.stringContaining("'nobody'") as string });
  });

  runs('a full queue holds up who writes to it, and nobody else', async () => {
    await withChannel(async (channel) => {
      await channel.assertExchange('full', 'topic', { durable: true });
      const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      await channel.assertQueue('full.g', { durable: true, arguments: { 'x-queue-type': 'classic', ...limits } });
      await channel.bindQueue('full.g', 'full', '#');
    });
    const binder = await opened();
    const producer = await binder.bindProducer('full');
    const other = await binder.bindProducer('roomy', { requiredGroups: ['g'] });
    const texts = Array.from({ length: 10 }, (_, index) => String(index));
    let isDone = false;
    const sending = producer.send(texts.map(message)).finally(() => (isDone = true));
    await expect(other.send([message('x')])).resolves.toEqual([{ partition: 0 }]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isDone).toBe(false);
    const consumer = await binder.bindConsumer('full', 'g');
    const seen = new Set<string>();
    while (seen.size < texts.length) {
      const got = await consumer.receive(1);
      for (const { payload } of got) seen.add(String(Buffer.from(payload!)));
      await consumer.ack(got);
    }
    expect((await sending).every(({ error }) => error === undefined)).toBe(true);
  });

  runs('what a full queue does not take within the time for it is an error that says so', async () => {
    await withChannel(async (channel) => {
      await channel.assertExchange('stuffed', 'topic', { durable: true });
      const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      await channel.assertQueue('stuffed.g', { durable: true, arguments: { 'x-queue-type': 'classic', ...limits } });
      await channel.bindQueue('stuffed.g', 'stuffed', '#');
    });
    const producer = await (await opened({ deliveryTimeoutMs: 1000 })).bindProducer('stuffed');
    const outcomes = await producer.send(['a', 'b', 'c'].map(message));
    const errors = outcomes.flatMap(({ error }) => error ?? []);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(['QUEUE_REFUSED', 'SEND_UNKNOWN']).toContain(error.reason);
      expect(error.message).toContain("'stuffed'");
    }
    expect(errors.some((error) => error.reason === 'QUEUE_REFUSED')).toBe(true);
  });

  runs('an existing queue of another kind is used as it is, and the difference is told', async () => {
    await withChannel(async (channel) => {
      await channel.assertExchange('theirs', 'topic', { durable: true });
      await channel.assertQueue('theirs.g', { durable: true, arguments: { 'x-queue-type': 'classic', 'x-max-length': 1000 } });
      await channel.bindQueue('theirs.g', 'theirs', '#');
    });
    const binder = await opened();
    const consumer = await binder.bindConsumer('theirs', 'g');
    await (await binder.bindProducer('theirs')).send([message('x')]);
    expect((await consumer.receive(1)).map(({ payload }) => String(Buffer.from(payload!)))).toEqual(['x']);
    const told = (await binder.diagnose!()).find(({ check }) => check.includes('theirs.g'));
    expect(told).toMatchObject({ status: 'warning', detail: expect.stringContaining('inequivalent arg') as string });
  });

  runs('what the server refuses for want of memory waits, is seen in health, and is sent when there is some', async () => {
    const binder = await opened();
    await binder.bindConsumer('pressed', 'g');
    const producer = await binder.bindProducer('pressed');
    const [node] = server.nodes;
    await node!.run('rabbitmqctl', 'set_vm_memory_high_watermark', 'absolute', '1MB');
    try {
      let settled = false;
      const sending = producer.send([message('x')]).finally(() => (settled = true));
      await expect
        .poll(async () => (await binder.diagnose!()).find(({ status }) => status === 'failed')?.detail, { timeout: 20_000 })
        .toContain('takes no messages');
      expect(settled).toBe(false);
      await node!.run('rabbitmqctl', 'set_vm_memory_high_watermark', '0.6');
      expect((await sending)[0]!.error).toBeUndefined();
    } finally {
      await node!.run('rabbitmqctl', 'set_vm_memory_high_watermark', '0.6');
    }
  });

  runs('a server that does not answer any more lets a send end by its deadline, as unknown', async () => {
    const binder = await opened({ deliveryTimeoutMs: 2000, heartbeatMs: 1000 });
    const consumer = await binder.bindConsumer('frozen', 'g');
    const producer = await binder.bindProducer('frozen');
    await expect(producer.send([message('w')])).resolves.toEqual([{ partition: 0 }]);
    await server.nodes[0]!.pause();
    let outcome;
    try {
      [outcome] = await producer.send([message('x')]);
    } finally {
      await server.nodes[0]!.resume();
    }
    expect(outcome?.error).toMatchObject({ code: 'INDETERMINATE', reason: 'SEND_UNKNOWN' });
    // Whatever became of it, what follows is delivered.
    await expect
      .poll(async () => (await producer.send([message('y')]))[0]!.error, { timeout: 20_000, interval: 500 })
      .toBeUndefined();
    const seen: string[] = [];
    while (!seen.includes('y'))
      for (const delivery of await consumer.receive(10, 10_000)) seen.push(String(Buffer.from(delivery.payload!)));
  });

  runs('wrong credentials, hosts and ports are told apart, and no password is shown', async () => {
    expect(await refusal({ password: 'hunter2' })).toMatch(/^UNAUTHENTICATED .*check the user and the password/);
    expect(await refusal({ virtualHost: 'elsewhere' })).toMatch(/^FAILED_PRECONDITION .*virtual host/);
    expect(await refusal({ addresses: '127.0.0.1:1' })).toMatch(/^UNAVAILABLE .*127\.0\.0\.1:1/);
    expect(await refusal({ tls: true })).toMatch(/^(FAILED_PRECONDITION|UNAVAILABLE) .*TLS/);
  });

  runs('missing rights are told with what was asked for', async () => {
    const [node] = server.nodes;
    await node!.run('rabbitmqctl', 'add_user', 'reader', 'hunter2');
    await node!.run('rabbitmqctl', 'set_permissions', '-p', '/', 'reader', '^millrace', '.*', '.*');
    const binder = await opened({ username: 'reader', password: 'hunter2' });
    const problem = await binder.bindConsumer('secret', 'g').catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining("'secret") as string });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
});
