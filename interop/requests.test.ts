import { command } from '@millrace/messaging';
import { describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import { bytesStream, ours } from './harness/ours.ts';
import { bytesOf, Peer, text } from './harness/peer.ts';

describe.each(brokers('ours'))('requests on $name', (broker) => {
  it.runIf(broker.name === 'kafka')("of Spring's template are answered by a handler of ours", async () => {
    const destination = 'requests.in';
    await using mr = await ours(broker);
    const { provisioner } = await mr.binder();
    for (const name of [destination, `${destination}.replies`]) await provisioner.ensure(name);
    await mr.subscribe(bytesStream(destination), { group: 'ours' }, async (payload, { headers }) => {
      const replies = Buffer.from(headers['kafka_replyTopic'] as Uint8Array).toString();
      const answer = Buffer.from(`${Buffer.from(payload!).toString()}, ${Buffer.from(headers['who'] as Uint8Array).toString()}`);
      const correlation = { kafka_correlationId: headers['kafka_correlationId']!, note: 'grüße' };
      await mr.publish(bytesStream(replies), answer, { headers: correlation, contentType: 'text/plain' });
    });
    await using peer = await Peer.start(broker, {});
    const replies = await peer.request(
      destination,
      ['one', 'two'].map((payload) => ({ payload, headers: { who: text('ü') } })),
    );
    expect(replies.map(({ payload }) => bytesOf(payload).toString())).toEqual(['one, ü', 'two, ü']);
    expect(bytesOf(replies[0]!.headers['note']!).toString()).toBe('grüße');
  });

  it.runIf(broker.name === 'rabbitmq')("of Spring's template are answered by a handler of commands", async () => {
    await using mr = await ours(broker);
    const greet = command<string, string>('requests.greet', { contentType: 'text/plain' });
    await mr.handle(greet, (name, { headers }) => `hello ${name}, ${headers['who'] as string}`);
    await using peer = await Peer.start(broker, {});
    const headers = { who: text('ü'), contentType: text('text/plain') };
    const replies = await peer.request(
      'requests.greet',
      ['one', 'two'].map((payload) => ({ payload, headers })),
    );
    expect(replies.map(({ payload }) => bytesOf(payload).toString())).toEqual(['hello one, ü', 'hello two, ü']);
  });
});
