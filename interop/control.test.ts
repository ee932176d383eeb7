import { describe, expect, it } from 'vitest';
import { deadLettersOf } from './harness/bindings.ts';
import { brokers } from './harness/broker.ts';
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
});
