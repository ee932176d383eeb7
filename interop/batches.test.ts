import { describe, expect, it } from 'vitest';
import { batching, batchMode } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { Peer, plain, text } from './harness/peer.ts';

describe.each(brokers('ours'))('batches on $name', (broker) => {
  it('of ours reach a Spring function that takes lists, with the headers of each message', async () => {
    await using mr = await ours(broker);
    const input = { destination: 'batches.in', group: 'spring', ...batchMode(broker) };
    await using peer = await Peer.start(broker, { functions: { seenBatch: { input } } });
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    await mr.publishAll(
      bytesStream('batches.in'),
      lines.map((line) => Buffer.from(line)),
      { each: (payload) => ({ headers: { line: String(Buffer.from(payload!)) }, contentType: 'text/plain' }) },
    );
    const payloads: string[] = [];
    const headers: unknown[] = [];
    while (payloads.length < lines.length) {
      const [seen] = await peer.taken('seenBatch', 1);
      payloads.push(...(plain(seen!.payload) as string[]));
      const converted = seen!.headers['kafka_batchConvertedHeaders'];
      if (converted !== undefined) headers.push(...(plain(converted) as { line: string }[]).map(({ line }) => line));
    }
    expect(payloads).toEqual(lines);
    if (broker.name === 'kafka') expect(headers).toEqual(lines);
  });

  it('go through a Spring function that takes and gives lists, and come back to a handler of batches', async () => {
    await using mr = await ours(broker);
    const input = { destination: 'batches.each', group: 'spring', ...batchMode(broker) };
    await using _peer = await Peer.start(broker, { functions: { each: { input, output: { destination: 'batches.out' } } } });
    const got: string[] = [];
    await mr.subscribeBatch(bytesStream('batches.out'), { group: 'ours' }, (events) => {
      got.push(...events.map(({ payload }) => String(payload)));
    });
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    await mr.publishAll(
      bytesStream('batches.each'),
      lines.map((line) => Buffer.from(line)),
    );
    await expect.poll(() => got.length, { timeout: 60_000 }).toBe(lines.length);
    expect(got).toEqual(lines);
  });

  it('of a Spring producer that waits to fill them arrive one by one', async () => {
    await using mr = await ours(broker);
    const inbox = await collect(mr, 'batches.produced', { group: 'ours' });
    await using peer = await Peer.start(broker, {
      outputs: { out: { destination: 'batches.produced' } },
      properties: batching(broker, 'out-out-0'),
    });
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    await peer.send(
      'out-out-0',
      lines.map((line) => ({ payload: line, headers: { color: text('blue') } })),
    );
    const received = await inbox.take(lines.length);
    expect(received.map(({ payload }) => String(payload))).toEqual(lines);
    expect(new Set(received.map(({ context }) => context.headers['color']))).toEqual(new Set(['blue']));
  });
});
