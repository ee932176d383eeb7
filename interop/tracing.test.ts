import { describe, expect, it } from 'vitest';
import { tracing } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { Peer, plain } from './harness/peer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = `00-${traceId}-00f067aa0ba902b7-01`;

describe.each(brokers('ours'))('trace context on $name', (broker) => {
  it('of ours is continued by a Spring application that traces, and comes back', async () => {
    await using mr = await ours(broker);
    const functions = { upper: { input: { destination: 'tracing.in', group: 'spring' }, output: { destination: 'tracing.out' } } };
    await using _peer = await Peer.start(broker, { functions, properties: tracing });
    const inbox = await collect(mr, 'tracing.out', { group: 'ours' });
    const headers = { traceparent: parent, tracestate: 'acme=1' };
    await mr.publish(bytesStream('tracing.in'), Buffer.from('text'), { headers, contentType: 'text/plain' });
    const [received] = await inbox.take(1);
    const trace = received!.context.headers['traceparent'];
    expect(trace).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    // A span of Spring's own.
    expect(trace).not.toBe(parent);
  });

  it('begun by Spring is continued by what our handlers send, and seen by Spring', async () => {
    await using mr = await ours(broker);
    await mr.subscribe(bytesStream('tracing.begun'), { group: 'ours' }, async (payload, { headers }) => {
      const seen = { 'seen-trace': headers['traceparent'] ?? 'none' };
      await mr.publish(bytesStream('tracing.seen'), Buffer.from(payload!), { headers: seen, contentType: 'text/plain' });
    });
    await using peer = await Peer.start(broker, {
      functions: { seen: { input: { destination: 'tracing.seen', group: 'spring' } } },
      outputs: { begin: { destination: 'tracing.begun' } },
      properties: tracing,
    });
    await peer.send('begin-out-0', [{ payload: 'x' }]);
    const [seen] = await peer.taken('seen', 1);
    const begun = plain(seen!.headers['seen-trace']!) as string;
    expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const arrived = plain(seen!.headers['traceparent']!) as string;
    expect(arrived.split('-')[1]).toBe(begun.split('-')[1]);
  });

  it('passes unchanged through a Spring application that does not trace', async () => {
    await using mr = await ours(broker);
    const functions = {
      upper: { input: { destination: 'tracing.off', group: 'spring' }, output: { destination: 'tracing.off.out' } },
    };
    await using _peer = await Peer.start(broker, { functions });
    const inbox = await collect(mr, 'tracing.off.out', { group: 'ours' });
    const headers = { traceparent: parent, tracestate: 'acme=1', baggage: 'user=ä' };
    await mr.publish(bytesStream('tracing.off'), Buffer.from('text'), { headers, contentType: 'text/plain' });
    const [received] = await inbox.take(1);
    expect(received!.context.headers).toMatchObject(headers);
  });
});
