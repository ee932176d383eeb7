import type { Millrace } from '@millrace/messaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadLettersOf } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { bytesOf, Peer, plain, text, typed } from './harness/peer.ts';

const once = { 'consumer.max-attempts': '1' };

describe.each(brokers('ours'))('dead letters on $name', (broker) => {
  let mr: Millrace;

  beforeEach(async () => {
    mr = await ours(broker);
  });

  afterEach(async () => {
    await mr?.close();
  });

  it('of Spring are listed with their cause and origin, re-driven by us and handled by Spring', async () => {
    const input = { destination: 'dead.spring', group: 'kitchen', deadLetters: true, more: once };
    await using peer = await Peer.start(broker, {
      functions: { fragile: { input } },
      outputs: { out: { destination: 'dead.spring' } },
    });
    const headers = { color: text('blue'), size: typed('java.lang.Integer', 42) };
    await peer.send('out-out-0', [{ payload: 'bread' }, { payload: 'poison ü', headers }]);
    await peer.taken('fragile', 1);
    const [parked] = await listed(mr, { destination: 'dead.spring', group: 'kitchen' });
    expect(parked).toMatchObject({
      destination: 'dead.spring',
      group: 'kitchen',
      kind: 'event',
      headers: { color: 'blue', size: 42 },
      cause: {
        message: expect.stringContaining('cannot take poison') as string,
        stack: expect.stringContaining('Functions') as string,
      },
    });
    expect(Buffer.from(parked!.payload!).toString()).toBe('poison ü');
    if (broker.name === 'kafka') {
      expect(parked!.cause.type).toMatch(/^[\w.]+Exception$/);
      expect(parked!.origin).toEqual({ partition: 0, offset: 1, timestamp: expect.closeTo(Date.now(), -5) as number });
    }

    // It fails again: one dead letter, with the origin of the second time.
    expect(await mr.parked.redrive({ destination: 'dead.spring', group: 'kitchen' })).toEqual({ redriven: 1 });
    const [again] = await listed(mr, { destination: 'dead.spring', group: 'kitchen' });
    if (broker.name === 'kafka') expect(again!.origin.offset).toBe(2);

    await peer.repair();
    await mr.parked.redrive({ destination: 'dead.spring', group: 'kitchen' });
    const [handled] = await peer.taken('fragile', 1);
    expect(bytesOf(handled!.payload).toString()).toBe('poison ü');
    expect([plain(handled!.headers['color']!), handled!.headers['size']]).toEqual(['blue', typed('java.lang.Integer', 42)]);
    expect(Object.keys(handled!.headers).filter((name) => name.startsWith('x-'))).toEqual([]);
    expect(await mr.parked.list({ destination: 'dead.spring', group: 'kitchen' })).toEqual([]);
  });

  it('of ours are in the form of Spring, re-driven by a Spring function and handled by us', async () => {
    let isBroken = true;
    const handled: string[] = [];
    const retry = { maxAttempts: 1 };
    await mr.subscribe(bytesStream('dead.ours'), { group: 'office', retry }, (payload, { headers, key }) => {
      if (isBroken) throw new RangeError('no paper', { cause: new Error('no trees') });
      handled.push(`${String(payload)} ${headers['color'] as string} ${key}`);
    });
    await mr.publish(bytesStream('dead.ours'), Buffer.from('letter ü'), {
      key: 'k',
      headers: { color: 'blue' },
      contentType: 'text/plain',
    });
    const [parked] = await listed(mr, { destination: 'dead.ours', group: 'office' });
    expect(parked!.cause).toMatchObject({ type: 'RangeError', message: 'no paper; no trees' });

    const input = deadLettersOf(broker, { destination: 'dead.ours', group: 'office' });
    isBroken = false;
    await using peer = await Peer.start(broker, {
      functions: { redrive: { input }, ...(broker.name === 'kafka' ? { seen: { input: { ...input, group: 'look' } } } : {}) },
    });
    if (broker.name === 'kafka') {
      const [seen] = await peer.taken('seen', 1);
      const { headers } = seen!;
      expect(bytesOf(headers['x-original-topic']!).toString()).toBe('dead.ours');
      expect(bytesOf(headers['x-original-partition']!).readInt32BE()).toBe(0);
      expect(bytesOf(headers['x-original-offset']!).readBigInt64BE()).toBe(0n);
      expect(bytesOf(headers['x-original-timestamp']!)).toHaveLength(8);
      expect(bytesOf(headers['x-original-timestamp-type']!).toString()).toBe('CreateTime');
      expect(bytesOf(headers['x-exception-fqcn']!).toString()).toBe('RangeError');
      expect(bytesOf(headers['x-exception-message']!).toString()).toBe('no paper; no trees');
      expect(bytesOf(headers['x-exception-stacktrace']!).toString()).toContain('RangeError: no paper');
      expect(plain(headers['color']!)).toBe('blue');
      expect(bytesOf(headers['kafka_receivedMessageKey']!).toString()).toBe('k');
    }
    await expect.poll(() => handled, { timeout: 30_000 }).toHaveLength(1);
    // Kafka's keys are not headers: Spring sends none unless it is told to.
    expect(handled).toEqual([`letter ü blue ${broker.name === 'kafka' ? 'undefined' : 'k'}`]);
  });

  it('that we re-drive into a Spring application come out of it whole, though it copies their headers', async () => {
    const poisoned = { destination: 'dead.lines', group: 'chain', more: once, deadLetters: true };
    await using peer = await Peer.start(broker, {
      functions: { lines: { input: poisoned, output: { destination: 'dead.parts' } } },
      outputs: { bad: { destination: 'dead.source' } },
    });
    const inbox = await collect(mr, 'dead.parts', { group: 'chain' });
    const other = await collect(mr, 'dead.parts', { group: 'elsewhere' });
    await mr.publish(bytesStream('dead.lines'), Buffer.from('first\nsecond'), { contentType: 'text/plain' });
    await inbox.take(2);
    await other.take(2);
    await parkFor(mr, 'dead.lines', 'chain', Buffer.from('one\ntwo\nthree'));
    expect(await mr.parked.redrive({ destination: 'dead.lines' })).toEqual({ redriven: 1 });
    expect((await inbox.take(3)).map(({ payload }) => String(payload))).toEqual(['one', 'two', 'three']);
    expect((await other.take(3)).map(({ payload }) => String(payload))).toEqual(['one', 'two', 'three']);
    expect(peer.seen.items).toEqual([]);
  });
});

/** The parked message of a group, as soon as there is one. */
async function listed(mr: Millrace, filter: { destination: string; group: string }) {
  await mr.binder();
  await expect.poll(async () => mr.parked.list(filter), { timeout: 30_000 }).toHaveLength(1);
  return mr.parked.list(filter);
}

/** Parks a message as if that group had failed to handle it. */
async function parkFor(mr: Millrace, destination: string, group: string, payload: Uint8Array): Promise<void> {
  const { raw, provisioner } = await mr.binder();
  const headers = {
    contentType: 'text/plain',
    'x-original-topic': destination,
    mr_original_group: group,
    'x-exception-message': 'x',
  };
  const [outcome] = await raw.parking!.park(provisioner.deadLetterName(destination, group), [{ payload, headers }]);
  expect(outcome!.error).toBeUndefined();
}
