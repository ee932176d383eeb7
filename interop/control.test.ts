import { describe, expect, it } from 'vitest';
import { batching, batchMode, deadLettersOf, fixedShare, tracing } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesOf, Peer, plain, text, typed } from './harness/peer.ts';

// Spring on both sides: what the other scenarios compare with, and proof that the peer works.
describe.each(brokers())('Spring to Spring on $name', (broker) => {
  it('payloads and headers, dead letters and their re-drive', async () => {
    await using peer = await Peer.start(broker, {
      functions: {
        seen: { input: { destination: 'control.plain', group: 'control' } },
        fragile: {
          input: { destination: 'control.fragile', group: 'control', deadLetters: true, more: { 'consumer.max-attempts': '1' } },
        },
      },
      outputs: { plain: { destination: 'control.plain' }, fragile: { destination: 'control.fragile' } },
    });
    await peer.send('plain-out-0', [
      { payload: 'grüße', headers: { color: text('blue'), size: typed('java.lang.Integer', 42), contentType: text('text/plain') } },
    ]);
    const [seen] = await peer.taken('seen', 1);
    expect(bytesOf(seen!.payload).toString()).toBe('grüße');
    expect(plain(seen!.headers['color']!)).toBe('blue');
    expect(seen!.headers['size']).toEqual({ type: 'java.lang.Integer', value: 42 });
    await peer.send('fragile-out-0', [{ payload: 'poison' }, { payload: 'bread' }]);
    const [bread] = await peer.taken('fragile', 1);
    expect(bytesOf(bread!.payload).toString()).toBe('bread');
    await peer.repair();
    const input = deadLettersOf(broker, { destination: 'control.fragile', group: 'control' });
    await using _redriver = await Peer.start(broker, { functions: { redrive: { input } } });
    const [poison] = await peer.taken('fragile', 1);
    expect(bytesOf(poison!.payload).toString()).toBe('poison');
  });

  it('batches, produced and consumed', async () => {
    const input = { destination: 'control.batches', group: 'control', ...batchMode(broker) };
    await using peer = await Peer.start(broker, {
      functions: { seenBatch: { input } },
      outputs: { out: { destination: 'control.batches' } },
      properties: batching(broker, 'out-out-0'),
    });
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    await peer.send(
      'out-out-0',
      lines.map((line) => ({ payload: line, headers: { contentType: text('text/plain') } })),
    );
    const seen: string[] = [];
    while (seen.length < lines.length)
      seen.push(...(await peer.taken('seenBatch', 1)).flatMap(({ payload }) => plain(payload) as string[]));
    expect(seen).toEqual(lines);
  });

  it('partitions of an instance, and traces', async () => {
    const destination = 'control.partitions';
    const share = { 'consumer.partitioned': 'true', 'consumer.instance-count': '2', 'consumer.instance-index': '1' };
    const input = { destination, group: 'control', more: share, ofBinder: fixedShare(broker) };
    const more = { 'producer.partition-key-expression': "headers['key']", 'producer.partition-count': '2' };
    await using peer = await Peer.start(broker, {
      functions: { seen: { input } },
      outputs: { out: { destination, more } },
      properties: tracing,
    });
    // Java's hashes of the letters are their codes.
    await peer.send(
      'out-out-0',
      ['a', 'b', 'c', 'd'].map((key) => ({ payload: key, headers: { key: text(key) } })),
    );
    const seen = await peer.taken('seen', 2);
    expect(seen.map(({ payload }) => bytesOf(payload).toString())).toEqual(['a', 'c']);
    expect(plain(seen[0]!.headers['traceparent']!)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});
