import { describe, expect, it } from 'vitest';
import type { Input } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { Peer } from './harness/peer.ts';

/** Ways in which Spring declares the queue of a group. */
const shapes: readonly [title: string, shape: Pick<Input, 'deadLetters' | 'ofBinder'>][] = [
  ['as it is', {}],
  ['with dead letters', { deadLetters: true }],
  ['of the type quorum', { ofBinder: { 'consumer.quorum.enabled': 'true' } }],
  ['with one active consumer', { ofBinder: { 'consumer.single-active-consumer': 'true' } }],
  ['with a time to live and a length', { ofBinder: { 'consumer.ttl': '600000', 'consumer.max-length': '1000' } }],
];

describe.each(brokers('ours').filter(({ name }) => name === 'rabbitmq'))('queues on $name', (broker) => {
  it('that Spring declared, however it did, are used as they are', async () => {
    await using mr = await ours(broker);
    const inputs = shapes.map(([, shape], index) => ({ destination: `queues.shape${index}`, group: 'shared', ...shape }));
    const names = ['seen', 'seenText', 'seenReading', 'fragile', 'doubtful'];
    const functions = Object.fromEntries(inputs.map((input, index) => [names[index]!, { input }]));
    await (await Peer.start(broker, { functions }))[Symbol.asyncDispose]();
    for (const [index, [title]] of shapes.entries()) {
      const inbox = await collect(mr, `queues.shape${index}`, { group: 'shared' });
      await mr.publish(bytesStream(`queues.shape${index}`), Buffer.from(title));
      const [received] = await inbox.take(1);
      expect(String(received!.payload)).toBe(title);
    }
  });

  it('of groups that a Spring producer requires hold what it sends before we start', async () => {
    const output = { destination: 'queues.required', requiredGroups: 'late' };
    {
      await using peer = await Peer.start(broker, { outputs: { out: output } });
      await peer.send('out-out-0', [{ payload: 'early' }]);
    }
    await using mr = await ours(broker);
    const inbox = await collect(mr, 'queues.required', { group: 'late' });
    const [received] = await inbox.take(1);
    expect(String(received!.payload)).toBe('early');
  });
});
