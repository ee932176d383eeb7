import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { DataflowClient, ServerError } from '../src/index.ts';
import type { ConnectionOptions } from '../src/index.ts';
import { Answer, FakeServer, page, problem } from './fake-server.ts';
import type { Answers } from './fake-server.ts';

async function withServer(
  answers: Answers,
  work: (client: DataflowClient, server: FakeServer) => Promise<void>,
  options: ConnectionOptions = {},
): Promise<void> {
  await using server = await FakeServer.start(answers);
  await work(new DataflowClient({ uri: server.uri, ...options }), server);
}

const web = { name: 'web', type: 'source', uri: 'maven://a:b:1', version: '1', defaultVersion: true };

/** One of two pages. */
const part = (number: number, name: string) => ({
  _embedded: { appRegistrationResourceList: [{ ...web, name }] },
  page: { size: 2000, totalElements: 2, totalPages: 2, number },
});

it('lists all pages of a list', async () => {
  const answers = { 'GET /apps?size=2000&page=0': part(0, 'a'), 'GET /apps?size=2000&page=1': part(1, 'b') };
  await withServer(answers, async (client) => {
    expect((await client.apps.all()).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

it('takes a page without elements for an empty list', async () => {
  await withServer({ 'GET /streams/definitions?size=2000&page=0': page('streamDefinitionResourceList', []) }, async (client) => {
    expect(await client.streams.all()).toEqual([]);
  });
});

it('sends forms, queries and JSON as the official client does', async () => {
  const answers = {
    'POST /streams/definitions': { name: 'pay' },
    'POST /streams/deployments/pay': new Answer(201),
    'POST /apps/source/web': new Answer(201),
    'POST /streams/deployments/scale/pay/web/instances/2': new Answer(201),
    'POST /tasks/executions/launch?name=t': { executionId: 7 },
  };
  await withServer(answers, async (client, { received }) => {
    await client.streams.create({ name: 'pay', definition: 'web | ledger' });
    await client.streams.deploy('pay', { 'app.web.x': '1' });
    await client.apps.register({ type: 'source', name: 'web', uri: 'maven://a:b:1' });
    await client.streams.scale('pay', 'web', 2);
    expect(await client.tasks.launch('t', '', '--x=1 y')).toBe(7);
    expect(received.map(({ body }) => body)).toEqual([
      'name=pay&definition=web+%7C+ledger&description=&deploy=false',
      '{"app.web.x":"1"}',
      'uri=maven%3A%2F%2Fa%3Ab%3A1&force=false',
      '{}',
      'properties=&arguments=--x%3D1+y',
    ]);
    expect(received[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=UTF-8');
  });
});

it('writes names into paths so that they stay one part of them', async () => {
  await withServer({ 'DELETE /streams/definitions/a%2F..%2Fb%3Fc': new Answer(200) }, async (client) => {
    await client.streams.destroy('a/../b?c');
  });
});

it.each([
  [
    problem(404, 'NoSuchStreamDefinitionException', 'Could not find stream definition named x'),
    'NOT_FOUND',
    'Could not find stream',
  ],
  [problem(409, 'DuplicateStreamDefinitionException', 'one has already been created'), 'ALREADY_EXISTS', 'already been created'],
  [new Answer(403, { logref: 'AccessDenied', message: 'Access is denied' }), 'PERMISSION_DENIED', 'Access is denied'],
  [new Answer(404, { status: 404, error: 'Not Found', message: 'No message available', path: '/x' }), 'NOT_FOUND', 'Not Found'],
  [new Answer(500, 'broken'), 'INTERNAL', '500'],
] as const)('tells what the server refuses: %#', async (answer, code, text) => {
  await withServer({ 'GET /streams/definitions/x': answer }, async (client) => {
    const error = await client.streams.get('x').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ code, status: answer.status, message: expect.stringContaining(text) as string });
  });
});

it('names all that a server finds wrong', async () => {
  const errors = [
    { message: 'first', logref: 'A' },
    { message: 'second', logref: 'B' },
  ];
  await withServer({ 'GET /about': new Answer(400, { _embedded: { errors } }) }, async (client) => {
    await expect(client.about()).rejects.toMatchObject({ message: 'first\nsecond', reason: 'A', problems: errors });
  });
});

it('logs in with a password or a token, which no error repeats', async () => {
  const answers = { 'GET /about': problem(401, 'Unauthorized', 'who are you?') };
  const basic = { username: 'zoë', password: 'hunter2' };
  await withServer(
    answers,
    async (client, { received }) => {
      const error = await client.about().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(JSON.stringify(error)).not.toContain('hunter2');
      const sent = received[0]!.headers.authorization!.replace('Basic ', '');
      expect(Buffer.from(sent, 'base64').toString()).toBe('zoë:hunter2');
    },
    basic,
  );
  await withServer(
    { 'GET /about': {} },
    async (client, { received }) => {
      await client.about();
      expect(received[0]!.headers.authorization).toBe('Bearer t-1');
    },
    { token: async () => 't-1' },
  );
});

it('says that nobody is there, or that nobody answers', async () => {
  await expect(new DataflowClient({ uri: 'http://127.0.0.1:1' }).about()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('127.0.0.1:1') as string,
  });
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const uri = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await expect(new DataflowClient({ uri, timeoutMs: 50 }).about()).rejects.toMatchObject({ code: 'INDETERMINATE' });
  silent.closeAllConnections();
  await new Promise((resolve) => silent.close(resolve));
});

it('accepts servers of the revision that it knows alone', async () => {
  const root = { _links: { about: { href: 'x' } } };
  await withServer({ 'GET /': { ...root, 'api.revision': 14 } }, async (client) => client.check());
  await withServer({ 'GET /': { ...root, 'api.revision': 15 } }, async (client) => {
    await expect(client.check()).rejects.toMatchObject({ reason: 'REVISION_UNKNOWN' });
  });
  await withServer({ 'GET /': { hello: 1 } }, async (client) => {
    await expect(client.check()).rejects.toMatchObject({ reason: 'NOT_DATA_FLOW' });
  });
});

it('gives what runs as plain lists', async () => {
  const instance = { instanceId: 'pay.web-v1-0', state: 'deployed', attributes: { port: '1' }, guid: 'g' };
  const app = {
    deploymentId: 'pay.web-v1',
    state: 'deployed',
    name: 'web',
    instances: { _embedded: { appInstanceStatusResourceList: [instance] } },
  };
  const stream = { name: 'pay', version: '1', applications: { _embedded: { appStatusResourceList: [app] } } };
  await withServer({ 'GET /runtime/streams/pay': page('streamStatusResourceList', [stream]) }, async (client) => {
    expect(await client.runtime.streams(['pay'])).toEqual([
      {
        name: 'pay',
        version: '1',
        applications: [{ deploymentId: 'pay.web-v1', state: 'deployed', name: 'web', instances: [instance] }],
      },
    ]);
  });
});
