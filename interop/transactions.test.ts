import { describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { bytesOf, Peer } from './harness/peer.ts';

const binder = 'spring.cloud.stream.kafka.binder';

describe.each(brokers('ours').filter(({ name }) => name === 'kafka'))('transactions on $name', (broker) => {
  it('that Spring rolled back are not seen by us', async () => {
    await using mr = await ours(broker);
    const input = { destination: 'tx.in', group: 'spring', deadLetters: true, more: { 'consumer.max-attempts': '1' } };
    await using _peer = await Peer.start(broker, {
      functions: { doubtful: { input } },
      outputs: { certain: { destination: 'tx.out' } },
      properties: { [`${binder}.transaction.transaction-id-prefix`]: 'tx-', [`${binder}.required-acks`]: 'all' },
    });
    const inbox = await collect(mr, 'tx.out', { group: 'ours' });
    const lines = ['one', 'poison', 'two', 'poison again', 'three'];
    await mr.publishAll(
      bytesStream('tx.in'),
      lines.map((line) => Buffer.from(line)),
    );
    const received = await inbox.take(3);
    expect(received.map(({ payload }) => String(payload))).toEqual(['one', 'two', 'three']);
    // What was rolled back is on the topic all the same, and takes up offsets.
    expect(received[2]!.context.offset).toBeGreaterThan(4);
    await expect.poll(async () => mr.parked.list({ destination: 'tx.in' }), { timeout: 30_000 }).toHaveLength(2);
    expect(inbox.items).toEqual([]);
  });

  it('of ours are seen by a Spring function that reads what is committed', async () => {
    await using mr = await ours(broker);
    const stream = bytesStream('tx.ours.out');
    await using peer = await Peer.start(broker, {
      functions: { seen: { input: { destination: 'tx.ours.out', group: 'spring' } } },
      properties: { [`${binder}.consumer-properties.isolation.level`]: 'read_committed' },
    });
    await mr.subscribe(bytesStream('tx.ours.in'), { group: 'ours', retry: { maxAttempts: 1 } }, async (payload, context) =>
      mr.transaction([context], async (tx) => {
        tx.publish(stream, Buffer.from(payload!), { contentType: 'text/plain' });
        if (String(payload) === 'poison') throw new Error('cannot take poison');
      }),
    );
    await mr.publishAll(
      bytesStream('tx.ours.in'),
      ['one', 'poison', 'two'].map((line) => Buffer.from(line)),
    );
    const seen = await peer.taken('seen', 2);
    expect(seen.map(({ payload }) => bytesOf(payload).toString())).toEqual(['one', 'two']);
  });
});
