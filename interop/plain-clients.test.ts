import { eventStream } from '@millrace/messaging';
import { describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { Inbox } from './harness/inbox.ts';
import { PlainConsumer, plainSend } from './harness/plain.ts';

const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]);

// Clients that know nothing of Spring or us: librdkafka and pika.
describe.each(brokers('ours'))('a plain client on $name', (broker) => {
  const isKafka = broker.name === 'kafka';

  it('is understood without any header, and with headers of its own', async () => {
    await using mr = await ours(broker);
    const inbox = await collect(mr, 'plain.in', { group: 'ours' });
    const json = Buffer.from('{"sensor":"ä","celsius":31}');
    await plainSend(broker, 'plain.in', [
      { payload: json, ...(isKafka ? { key: Buffer.from('a1') } : {}) },
      { payload: picture, headers: { kind: Buffer.from('picture ü') } },
      { payload: Buffer.alloc(0) },
    ]);
    const [first, second, third] = await inbox.take(3);
    expect([first!.payload, second!.payload, third!.payload]).toEqual([json, picture, Buffer.alloc(0)]);
    expect(first!.context.key).toBe(isKafka ? 'a1' : undefined);
    expect(first!.context.id).not.toBe(second!.context.id);
    const { kind } = second!.context.headers;
    expect(kind instanceof Uint8Array ? Buffer.from(kind).toString() : kind).toBe('picture ü');

    const readings: unknown[] = [];
    await mr.subscribe(eventStream('plain.json'), { group: 'ours' }, (payload) => void readings.push(payload));
    await plainSend(broker, 'plain.json', [{ payload: json }]);
    await expect.poll(() => readings, { timeout: 30_000 }).toEqual([{ sensor: 'ä', celsius: 31 }]);
  });

  it('reads what we send', async () => {
    await using mr = await ours(broker);
    await (await mr.binder()).raw.bindProducer('plain.out');
    await using consumer = new PlainConsumer(broker, 'plain.out', isKafka ? 'plain' : 'plain.out.plain');
    if (!isKafka) await consumer.child.lines.take(1, (line) => line.includes('ready'));
    const headers = { color: 'grün', size: 42 };
    await mr.publish(bytesStream('plain.out'), picture, { headers, key: 'k', contentType: 'image/jpeg' });
    const [received] = await consumer.received.take(1);
    expect(received!.payload).toEqual(picture);
    expect(String(received!.headers['color'])).toBe('grün');
    expect(String(received!.headers['size'])).toBe('42');
    if (isKafka) expect([String(received!.headers['contentType']), String(received!.key)]).toEqual(['image/jpeg', 'k']);
    else expect(received!.contentType).toBe('image/jpeg');
  });

  it.runIf(isKafka).each(['gzip', 'snappy', 'lz4', 'zstd'])('is understood when it compresses with %s', async (codec) => {
    await using mr = await ours(broker);
    const inbox = await collect(mr, `plain.${codec}`, { group: 'ours' });
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index} ${'ü'.repeat(50)}`);
    await plainSend(
      broker,
      `plain.${codec}`,
      lines.map((line) => ({ payload: Buffer.from(line) })),
      [`compression.type=${codec}`],
    );
    const received = await inbox.take(lines.length);
    expect(received.map(({ payload }) => String(payload))).toEqual(lines);
  });

  it.runIf(isKafka)("sends a key where we send it, with Kafka's own rule", async () => {
    await using mr = await ours(broker);
    const { raw } = await mr.binder();
    const keys = [
      '21',
      'foobar',
      'abc',
      '100:48069',
      'customer-42',
      'order:é',
      ...Array.from({ length: 50 }, (_, index) => `k${index}`),
    ];
    const producer = await raw.bindProducer('plain.keys', { partitions: 12 });
    const own = await producer.send(keys.map((key) => ({ payload: Buffer.from(key), headers: {}, key })));
    const theirs = await plainSend(
      broker,
      'plain.keys',
      keys.map((key) => ({ payload: Buffer.from(key), key: Buffer.from(key) })),
      ['partitioner=murmur2'],
    );
    // They are told as partitions answer, in another order than they were sent.
    const inbox = await collect(mr, 'plain.keys', { group: 'look' });
    const all = await inbox.take(keys.length * 2);
    const places = keys.map((key) => [
      ...new Set(all.filter(({ payload }) => String(payload) === key).map(({ context }) => context.partition)),
    ]);
    expect(places.filter(({ length }) => length !== 1)).toEqual([]);
    expect(own.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(theirs).toHaveLength(keys.length);
  });

  it.runIf(isKafka)('shares a group with us', async () => {
    const assignor = 'cooperative-sticky';
    await using mr = await ours(broker);
    const destination = `plain.group.${assignor}`;
    await (await mr.binder()).raw.bindProducer(destination, { partitions: 6 });
    const own = new Inbox<string>('ours');
    await using consumer = new PlainConsumer(broker, destination, `crew.${assignor}`, [
      `partition.assignment.strategy=${assignor}`,
    ]);
    const stream = bytesStream(destination, { partitionKey: (payload) => String(payload) });
    const seen = (prefix: string) => ({
      own: own.items.filter((line) => line.startsWith(prefix)),
      theirs: consumer.received.items.map(({ payload }) => String(payload)).filter((line) => line.startsWith(prefix)),
    });
    const round = async (prefix: string, count: number) => {
      const lines = Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
      await mr.publishAll(
        stream,
        lines.map((line) => Buffer.from(line)),
      );
      const all = () => Object.values(seen(`${prefix} `)).flat();
      await expect.poll(() => all().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
      return { lines, ...seen(`${prefix} `) };
    };
    await round('alone', 12);
    await mr.subscribe(stream, { group: `crew.${assignor}` }, (payload) => own.put(String(payload)));
    for (let probe = 0; ; probe++) {
      if (probe > 60) throw new Error('the group never shared its messages');
      const { own: ownLines, theirs } = await round(`probe${probe}`, 24);
      if (ownLines.length > 0 && theirs.length > 0) break;
    }
    const together = await round('together', 300);
    expect([...together.own, ...together.theirs].toSorted()).toEqual(together.lines.toSorted());
    expect(Math.min(together.own.length, together.theirs.length)).toBeGreaterThan(0);
  });
});
