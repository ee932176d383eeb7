import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { eventually, sleep } from './harness.ts';
import { FaultProxy } from './proxy.ts';

let proxy: FaultProxy;

// In front of a server that sends back what it gets.
beforeEach(async () => {
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const created = await FaultProxy.start();
  created.leadTo(`127.0.0.1:${(echo.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await created[Symbol.asyncDispose]();
    echo.close();
  });
  proxy = created;
});

/** A client's connection, and what it has seen. */
class Client {
  readonly socket: Socket;
  text = '';
  error: string | undefined;
  isClosed = false;

  constructor() {
    const socket = connect(Number(proxy.address.split(':')[1]), '127.0.0.1');
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => (this.text += text));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code)).on('close', () => (this.isClosed = true));
    onTestFinished(() => void socket.destroy());
  }

  /** Sends it and waits for its echo. */
  async echo(text: string): Promise<void> {
    this.text = '';
    this.socket.write(text);
    await eventually(`the echo of '${text.slice(0, 20)}'`, () => this.text === text);
  }
}

it('relays both ways, large and small, and says how many are connected', async () => {
  const [first, second] = [new Client(), new Client()];
  await first.echo('a');
  await second.echo('x'.repeat(5_000_000));
  expect(proxy.connections).toBe(2);
  first.socket.end();
  await eventually('the end reaches the proxy', () => proxy.connections === 1);
});

it('resets what is open and relays what comes', async () => {
  const client = new Client();
  await client.echo('a');
  proxy.reset();
  await eventually('the reset', () => client.isClosed);
  expect(client.error).toBe('ECONNRESET');
  await new Client().echo('b');
});

it('resets in the midst of an answer', async () => {
  const client = new Client();
  await client.echo('a');
  proxy.resetAfter(100_000);
  client.socket.write('x'.repeat(2_000_000));
  await eventually('the reset', () => client.isClosed);
  expect(client.text.length).toBeLessThan(2_000_000);
});

it('holds everything back, on new connections too, until it flows again', async () => {
  const client = new Client();
  await client.echo('a');
  proxy.stall();
  const late = new Client();
  await once(late.socket, 'connect');
  client.socket.write('b');
  late.socket.write('c');
  await sleep(100);
  expect([client.text, late.text, client.isClosed, late.isClosed]).toEqual(['a', '', false, false]);
  proxy.flow();
  await eventually('what was held back arrives', () => client.text === 'ab' && late.text === 'c');
});

it('leaves connections half open for good, and relays new ones', async () => {
  const client = new Client();
  await client.echo('a');
  proxy.abandon();
  client.socket.write('b');
  await new Client().echo('c');
  proxy.flow();
  await sleep(100);
  expect([client.text, client.isClosed]).toEqual(['a', false]);
});

it('refuses until it accepts', async () => {
  const client = new Client();
  await client.echo('a');
  proxy.refuse();
  await eventually('the reset', () => client.isClosed);
  const refused = new Client();
  await eventually('the refusal', () => refused.isClosed);
  proxy.accept();
  await new Client().echo('b');
});
