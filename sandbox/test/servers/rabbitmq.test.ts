import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { sandbox } from '../../src/index.ts';
import type { RunningServer } from '../../src/index.ts';
import { exchange } from '../../src/probe.ts';

const missing = await sandbox.missing('rabbitmq');
const missingNewer = missing ?? (await sandbox.missing('rabbitmq:4.3'));

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Calls the management interface of a node. */
async function manage(server: RunningServer, node: string, method: string, path: string, body = ''): Promise<Answer> {
  const { endpoints, username, password, tls } = server.settings;
  const url = `${endpoints[`management ${node}`]!}/api/${path}`;
  const options = {
    method,
    auth: `${username!}:${password!}`,
    ...(tls ? { ca: readFileSync(tls.ca) } : {}),
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const call = (tls ? requestTls : request)(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve({ status: response.statusCode!, body: text }));
    });
    call.once('error', reject).end(body);
  });
}

const queue = 'queues/%2F/kept';
const durable = '{"durable":true,"arguments":{"x-queue-type":"quorum"}}';

describe.skipIf(missing !== undefined)('rabbitmq', { timeout: 240_000 }, () => {
  it('keeps its queues over a crash and a restart', async () => {
    await using rabbit = await sandbox.start('rabbitmq');
    const [node] = rabbit.nodes as [(typeof rabbit.nodes)[0]];
    expect((await manage(rabbit, 'node-1', 'PUT', queue, durable)).status).toBe(201);
    await node.kill();
    expect(await node.state()).toBe('dead');
    await node.start();
    expect((await manage(rabbit, 'node-1', 'GET', queue)).body).toContain('"name":"kept"');
    await node.restart();
    expect((await manage(rabbit, 'node-1', 'GET', queue)).body).toContain('"name":"kept"');
  });

  it('runs tools against a node, and leaves no port mapper behind', async () => {
    await using rabbit = await sandbox.start('rabbitmq', { config: { channel_max: '77' } });
    await rabbit.nodes[0]!.run('rabbitmqctl', 'set_vm_memory_high_watermark', '0.0001');
    await expect
      .poll(async () => (await manage(rabbit, 'node-1', 'GET', 'health/checks/alarms')).status, { timeout: 20_000 })
      .toBe(503);
    expect(await rabbit.nodes[0]!.run('rabbitmqctl', 'environment')).toContain('{channel_max,77}');
    const printed = await rabbit.nodes[0]!.run('rabbitmqctl', 'eval', 'os:getenv("ERL_EPMD_PORT").');
    const mapper = Number(/\d+/.exec(printed)![0]);
    expect(await exchange(mapper, '')).toBe('');
    await rabbit.stop();
    expect(await exchange(mapper, '')).toBeUndefined();
  });

  it('speaks TLS only, under its own authority, with --secure', async () => {
    await using rabbit = await sandbox.start('rabbitmq', { secure: true });
    const { tls, addresses } = rabbit.settings;
    expect((await manage(rabbit, 'node-1', 'GET', 'whoami')).body).toContain('"name":"millrace"');
    const port = Number(addresses[0]!.split(':')[1]);
    const protocol = await new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(tls!.ca) }, () => resolve(socket.getProtocol()));
      socket.once('error', reject).setTimeout(5000, () => reject(new Error('no answer')));
    });
    expect(protocol).toBe('TLSv1.3');
  });

  it('forms a cluster of three', async () => {
    await using rabbit = await sandbox.start('rabbitmq', { nodes: 3 });
    expect((await manage(rabbit, 'node-1', 'PUT', queue, durable)).status).toBe(201);
    await rabbit.nodes[0]!.kill();
    expect((await manage(rabbit, 'node-2', 'GET', queue)).body).toContain('"name":"kept"');
    await rabbit.nodes[0]!.start();
    expect((await manage(rabbit, 'node-1', 'GET', 'nodes')).body.match(/"running":true/g)).toHaveLength(3);
  });
});

describe.skipIf(missingNewer !== undefined)('rabbitmq beside the system’s', { timeout: 240_000 }, () => {
  it('runs 4.3', async () => {
    await using rabbit = await sandbox.start('rabbitmq:4.3');
    expect(rabbit.version).toMatch(/^4\.3\./);
    expect((await manage(rabbit, 'node-1', 'GET', 'overview')).body).toContain(`"rabbitmq_version":"${rabbit.version}"`);
  });
});
