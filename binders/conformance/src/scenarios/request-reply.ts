import assert from 'node:assert/strict';
import { headerNames } from '@millrace/messaging/binder';
import { Consumption } from '../consumption.ts';
import { accepted, collect, inAnyOrder, quiet } from '../expect.ts';
import { command, message, names, plain, textOf, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

const requestReply = needs.queueCan('requestReply');

export const requestReplyScenarios = group(
  'request-reply',
  scenario('a reply reaches the address it was sent to, whole', [requestReply], async (kit) => {
    const source = await kit.queue.openReplies();
    const headers = { [headerNames.correlationId]: 'c-1', big: 2n ** 60n, bytes: new Uint8Array([255, 0]) };
    const reply = message('answer', { headers, key: 'k' });
    await kit.within(kit.queue.reply([{ to: source.address, message: reply }]), 'reply');
    const [got] = await collect(kit, source, 1);
    assert.deepEqual(texts([got!]), ['answer']);
    assert.deepEqual(plain(got!.headers), plain(headers));
    await quiet(kit, source);
  }),

  scenario('requests and replies find each other', [requestReply], async (kit) => {
    const name = kit.name('q');
    const server = await kit.queue.consume(name);
    const answering = new Consumption(kit, server, (request) => {
      const to = request.headers[headerNames.replyTo] as string;
      const correlation = { [headerNames.correlationId]: request.headers[headerNames.correlationId]! };
      const text = `re: ${textOf(request.payload)}`;
      void kit.meanwhile(kit.queue.reply([{ to, message: message(text, { headers: correlation }) }]));
    });
    const source = await kit.queue.openReplies();
    const requests = names(100, 'r').map((id) =>
      command(id, { headers: { [headerNames.replyTo]: source.address, [headerNames.correlationId]: id } }),
    );
    await accepted(kit, kit.queue.send(name, requests));
    for (const reply of await collect(kit, source, 100))
      assert.equal(textOf(reply.payload), `re: ${reply.headers[headerNames.correlationId] as string}`);
    await answering.stop();
  }),

  scenario('each address gets its own replies', [requestReply], async (kit) => {
    const [first, second] = [await kit.queue.openReplies(), await kit.queue.openReplies()];
    assert.notEqual(first.address, second.address);
    await kit.queue.reply([
      { to: first.address, message: message('one') },
      { to: second.address, message: message('two') },
      { to: first.address, message: message('three') },
    ]);
    inAnyOrder(texts(await collect(kit, first, 2)), ['one', 'three']);
    assert.deepEqual(texts(await collect(kit, second, 1)), ['two']);
  }),

  scenario('replies cross clients', [requestReply, needs.twoClients], async (kit) => {
    const server = await kit.client();
    const source = await kit.queue.openReplies();
    await kit.within(server.queue!.reply([{ to: source.address, message: message('hello') }]), 'reply');
    assert.deepEqual(texts(await collect(kit, source, 1)), ['hello']);
  }),

  scenario('a reply to an address that is gone is ignored, the others arrive', [requestReply], async (kit) => {
    const [gone, here] = [await kit.queue.openReplies(), await kit.queue.openReplies()];
    await kit.within(gone.close(), 'close');
    const both = [gone, here].map((each) => ({ to: each.address, message: message('x') }));
    await kit.within(kit.queue.reply(both), 'reply to an address that is gone and one that is not');
    assert.deepEqual(texts(await collect(kit, here, 1)), ['x']);
  }),

  scenario('closing an address ends its waiting receive', [requestReply], async (kit) => {
    const source = await kit.queue.openReplies();
    const receiving = kit.meanwhile(source.receive(1));
    await kit.within(Promise.all([source.close(), source.close()]), 'close');
    assert.deepEqual(await kit.within(receiving, 'the waiting receive'), []);
  }),
);
