// What answers at a broker's address need not be a broker: each says in time what is wrong, and with whom.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { MillraceError } from '@millrace/core';
import { expect, it, onTestFinished } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';

/** What a peer does with the bytes of a request. */
type Behaviour = (socket: Socket, request: Buffer) => void;

/** A server that is no Kafka; returns its address. */
async function peer(behaviour: Behaviour): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', (request) => behaviour(socket, request));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A frame of Kafka's protocol that answers this request. */
function answer(request: Buffer, body: Buffer): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeInt32BE(4 + body.length, 0);
  request.copy(frame, 4, 8, 12);
  return Buffer.concat([frame, body]);
}

/** An answer to ApiVersions that offers only this version of everything. */
function versions(only: number): Buffer {
  const apis = Array.from({ length: 70 }, (_, key) => {
    const row = Buffer.alloc(7);
    row.writeInt16BE(key, 0);
    row.writeInt16BE(0, 2);
    row.writeInt16BE(only, 4);
    return row;
  });
  return Buffer.concat([Buffer.from([0, 0, apis.length + 1]), ...apis, Buffer.from([0, 0, 0, 0, 0])]);
}

async function refusal(address: string): Promise<MillraceError> {
  const binder = kafkaBinder({
    brokers: address,
    connectTimeoutMs: 1000,
    requestTimeoutMs: 1000,
    patienceMs: 2000,
  });
  try {
    await binder.open();
  } catch (error) {
    return error as MillraceError;
  } finally {
    await binder.close();
  }
  throw new Error('it opened');
}

const seeded = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => (index * 167 + 13) % 256));

it.each<[string, Behaviour, string]>([
  ['one that says nothing', () => undefined, 'UNAVAILABLE'],
  ['one that hangs up', (socket) => socket.destroy(), 'UNAVAILABLE'],
  ['a web server', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'UNAVAILABLE'],
  [
    'one that sends an endless answer',
    (socket, request) => {
      const head = answer(request, Buffer.alloc(0));
      head.writeInt32BE(0x7fffffff, 0);
      socket.write(head);
    },
    'UNAVAILABLE',
  ],
  ['one that answers what nobody asked', (socket) => socket.write(answer(seeded(12), seeded(40))), 'UNAVAILABLE'],
  ['one that answers with garbage', (socket, request) => socket.write(answer(request, seeded(60))), 'FAILED_PRECONDITION'],
  ['one that answers with nothing', (socket, request) => socket.write(answer(request, Buffer.alloc(0))), 'FAILED_PRECONDITION'],
  [
    'a broker that is too old for the question',
    (socket, request) => socket.write(answer(request, Buffer.from([0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 2]))),
    'FAILED_PRECONDITION',
  ],
  ['a broker of long ago', (socket, request) => socket.write(answer(request, versions(1))), 'FAILED_PRECONDITION'],
])('%s is told apart from a broker', { timeout: 15_000 }, async (_, behaviour, code) => {
  const address = await peer(behaviour);
  const error = await refusal(address);
  expect(error.message).toContain(address);
  expect(error.message).toMatch(/; (check|this binder needs)/);
  expect(error.message).not.toContain('secret');
  expect(error.code).toBe(code);
});
