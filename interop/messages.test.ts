import type { Headers, HeaderValue, Millrace } from '@millrace/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import type { BrokerName } from './harness/broker.ts';
import type { Inbox } from './harness/inbox.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import type { Received } from './harness/ours.ts';
import { bytesOf, Peer, plain, text, typed } from './harness/peer.ts';
import type { Seen, Typed } from './harness/peer.ts';

const uuid = '0fc5c1d1-9c4b-4a0e-8a0c-2f5d0f3c8e11';
const big = 9_007_199_254_740_993n;

/** Header values of ours with what a Spring function is given for them: the Java class, and the value where it is not the same. */
const toSpring: readonly [name: string, value: HeaderValue, type: Record<BrokerName, string>, seen?: unknown][] = [
  ['text', 'blue', both('java.lang.String')],
  ['unicode', 'grüße 🐙 ж', both('java.lang.String')],
  ['quoted', '"in quotes"', both('java.lang.String')],
  ['asJson', '{"a":1}', both('java.lang.String')],
  ['emptyText', '', both('java.lang.String')],
  ['int', 42, both('java.lang.Integer')],
  ['negative', -2_147_483_648, both('java.lang.Integer')],
  ['long', 1_700_000_000_000, both('java.lang.Long')],
  ['big', big, both('java.lang.Long'), String(big)],
  ['double', 1.5, both('java.lang.Double')],
  ['yes', true, both('java.lang.Boolean')],
  ['no', false, both('java.lang.Boolean')],
  ['bytes', Buffer.from([0, 255, 34, 1]), both('[B')],
  ['list', ['a', 1, true, null, [2.5]], both('java.util.ArrayList')],
  ['map', { a: { b: ['c', 1] }, n: null }, { kafka: 'java.util.LinkedHashMap', rabbitmq: 'java.util.HashMap' }],
];

/** Header values of a Spring application with what ours is given for them. */
const fromSpring: readonly [name: string, sent: Typed, seen: Partial<Record<BrokerName, HeaderValue>>][] = [
  ['text', text('blue'), same('blue')],
  ['unicode', text('grüße 🐙 ж'), same('grüße 🐙 ж')],
  ['asJson', text('{"a":1}'), same('{"a":1}')],
  ['int', typed('java.lang.Integer', 42), same(42)],
  ['long', typed('java.lang.Long', 7), same(7)],
  ['short', typed('java.lang.Short', 7), same(7)],
  ['double', typed('java.lang.Double', 1.5), same(1.5)],
  ['whole', typed('java.lang.Double', 2), same(2)],
  ['yes', typed('java.lang.Boolean', true), same(true)],
  ['bytes', typed('[B', Buffer.from([0, 255, 34]).toString('base64')), same(Buffer.from([0, 255, 34]))],
  ['uuid', typed('java.util.UUID', uuid), same(uuid)],
  ['decimal', typed('java.math.BigDecimal', 1.25), { kafka: 1.25 }],
  ['date', typed('java.util.Date', 1_700_000_000_000), { kafka: 1_700_000_000_000 }],
  ['list', typed('java.util.ArrayList', ['a', 1, true, [2.5]]), same(['a', 1, true, [2.5]])],
  ['map', typed('java.util.LinkedHashMap', { a: { b: ['c', 1] } }), same({ a: { b: ['c', 1] } })],
  // A class of the application, which nobody else has.
  [
    'own',
    typed('millrace.interop.peer.Reading', { sensor: 'a', celsius: 1.5, note: 'é' }),
    { kafka: { sensor: 'a', celsius: 1.5, note: 'é' } },
  ],
];

const payloads: readonly [title: string, bytes: Buffer, contentType: string][] = [
  ['UTF-8 text', Buffer.from('grüße 🐙 ж\u0000'), 'text/plain'],
  ['UTF-8 text with a charset', Buffer.from('grüße'), 'text/plain;charset=UTF-8'],
  ['JSON', Buffer.from('{"sensor":"ä","celsius":1.5,"note":null}'), 'application/json'],
  ['all bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), 'application/octet-stream'],
  ['a picture that begins with ff', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]), 'image/jpeg'],
  ['nothing', Buffer.alloc(0), 'application/octet-stream'],
  ['JSON of a vendor', Buffer.from('[1]'), 'application/vnd.acme.order+json;version=2'],
];

describe.each(brokers('ours'))('messages on $name', (broker) => {
  let peer: Peer;
  let mr: Millrace;
  let inbox: Inbox<Received>;

  beforeAll(async () => {
    mr = await ours(broker);
    peer = await Peer.start(broker, {
      functions: {
        seen: { input: { destination: 'messages.in', group: 'spring' } },
        seenText: { input: { destination: 'messages.text', group: 'spring' } },
        seenReading: { input: { destination: 'messages.reading', group: 'spring' } },
        warm: { input: { destination: 'messages.warm', group: 'spring' }, output: { destination: 'messages.out' } },
        upper: {
          input: { destination: 'messages.upper', group: 'spring' },
          output: { destination: 'messages.out', more: { 'content-type': 'text/plain' } },
        },
      },
      outputs: {
        plain: { destination: 'messages.out' },
        // Spring converts nothing here: it has converters for few content types.
        asIs: { destination: 'messages.out', more: { 'producer.use-native-encoding': 'true' } },
      },
    });
    inbox = await collect(mr, 'messages.out', { group: 'ours' });
  });

  afterAll(async () => {
    await peer?.[Symbol.asyncDispose]();
    await mr?.close();
  });

  /** Sends with ours and resolves with what the Spring function is given. */
  async function sent(
    destination: string,
    payload: Uint8Array | null,
    headers: Headers,
    contentType: string,
    to = 'seen',
  ): Promise<Seen> {
    await mr.publish(bytesStream(destination), payload, { headers, contentType });
    const [seen] = await peer.taken(to, 1);
    return seen!;
  }

  it('our headers arrive as Java values of their types', async () => {
    const headers = Object.fromEntries(toSpring.map(([name, value]) => [name, value]));
    const { headers: seen } = await sent('messages.in', Buffer.from('x'), headers, 'text/plain');
    const expected = toSpring.map(([name, value, type, shown]) => [name, type[broker.name], shown ?? value]);
    expect(toSpring.map(([name]) => [name, seen[name]!.type, name === 'big' ? String(big) : plain(seen[name]!)])).toEqual(expected);
  });

  it("a header's null arrives as no text", async () => {
    const { headers } = await sent('messages.in', Buffer.from('x'), { nothing: null }, 'text/plain');
    if (headers['nothing'] !== undefined) expect(Buffer.from(plain(headers['nothing']) as Buffer)).toHaveLength(0);
  });

  it.each(payloads)('%s arrives unchanged, with its content type', async (_title, bytes, contentType) => {
    const seen = await sent('messages.in', bytes, {}, contentType);
    expect(bytesOf(seen.payload)).toEqual(bytes);
    expect(seen.headers['contentType']!.value).toBe(contentType);
  });

  it('text and JSON are converted to what a function takes', async () => {
    const asText = await sent('messages.text', Buffer.from('grüße'), {}, 'text/plain', 'seenText');
    expect(asText.payload).toEqual(text('grüße'));
    const json = Buffer.from('{"sensor":"ä","celsius":1.5,"note":"n"}');
    const reading = await sent('messages.reading', json, {}, 'application/json', 'seenReading');
    expect(reading.payload).toEqual(typed('millrace.interop.peer.Reading', 'Reading[sensor=ä, celsius=1.5, note=n]'));
  });

  it("Spring's headers arrive as values of JavaScript", async () => {
    await peer.send('plain-out-0', [
      { payload: 'x', headers: Object.fromEntries(fromSpring.map(([name, sending]) => [name, sending])) },
    ]);
    const [received] = await inbox.take(1);
    for (const [name, , seen] of fromSpring)
      if (broker.name in seen)
        expect.soft([name, plainHeader(received!.context.headers[name])]).toEqual([name, plainHeader(seen[broker.name])]);
  });

  it('whole numbers beyond what a number of JavaScript holds arrive as bigint', async () => {
    await peer.send('plain-out-0', [
      { payload: 'x', headers: { big: typed('java.math.BigInteger', String(big)), long: typed('java.lang.Long', String(big)) } },
    ]);
    const [received] = await inbox.take(1);
    expect(received!.context.headers['long']).toBe(big);
    if (broker.name === 'kafka') expect(received!.context.headers['big']).toBe(big);
  });

  it.each(payloads)('%s of Spring arrives unchanged, with its content type', async (_title, bytes, contentType) => {
    await peer.send('asIs-out-0', [{ payload: bytes, headers: { contentType: text(contentType) } }]);
    const [received] = await inbox.take(1);
    expect(received!.payload).toEqual(bytes);
    expect(received!.context.contentType).toBe(contentType);
  });

  it('a content type that Spring holds as an object arrives as text', async () => {
    await peer.send('asIs-out-0', [
      { payload: 'x', headers: { contentType: typed('org.springframework.util.MimeType', 'text/html') } },
    ]);
    const [received] = await inbox.take(1);
    expect(received!.context.contentType).toBe('text/html');
  });

  it('objects that Spring converts are JSON', async () => {
    await peer.send('plain-out-0', [{ object: typed('millrace.interop.peer.Reading', { sensor: 'ä', celsius: 2, note: 'n' }) }]);
    const [received] = await inbox.take(1);
    expect(JSON.parse(String(received!.payload))).toEqual({ sensor: 'ä', celsius: 2, note: 'n' });
    expect(received!.context.contentType).toBe('application/json');
  });

  it('our headers travel through a Spring function and come back as they were', async () => {
    const headers = Object.fromEntries(toSpring.map(([name, value]) => [name, value]));
    const json = Buffer.from('{"sensor":"ä","celsius":1.5,"note":"n"}');
    await mr.publish(bytesStream('messages.warm'), json, { headers, contentType: 'application/json' });
    const [received] = await inbox.take(1);
    expect(JSON.parse(String(received!.payload))).toEqual({ sensor: 'ä', celsius: 2.5, note: 'n' });
    const back = received!.context.headers;
    // Spring's own mapper writes text in quotes as it is and then reads it as JSON: it loses its quotes between two Spring applications too.
    const lost = broker.name === 'kafka' ? { quoted: 'in quotes' } : {};
    expect(toSpring.map(([name]) => [name, plainHeader(back[name])])).toEqual(
      toSpring.map(([name, value]) => [name, name in lost ? lost.quoted : plainHeader(value)]),
    );
  });

  it('text goes through a Spring function', async () => {
    await mr.publish(bytesStream('messages.upper'), Buffer.from('grüße'), { contentType: 'text/plain' });
    const [received] = await inbox.take(1);
    expect(String(received!.payload)).toBe('GRÜSSE');
    expect(received!.context.contentType).toBe('text/plain');
  });

  it.runIf(broker.name === 'kafka')('null payloads are tombstones both ways', async () => {
    await mr.publish(bytesStream('messages.in'), null, { key: 'k' });
    const [seen] = await peer.taken('seen', 1);
    expect(seen!.payload.type).toBe('org.springframework.kafka.support.KafkaNull');
    expect(plain(seen!.headers['kafka_receivedMessageKey']!)).toEqual(Buffer.from('k'));
    await peer.send('plain-out-0', [
      { payload: null, headers: { kafka_messageKey: typed('[B', Buffer.from('k2').toString('base64')) } },
    ]);
    const [received] = await inbox.take(1);
    expect([received!.payload, received!.context.key]).toEqual([null, 'k2']);
  });
});

function both(type: string): Record<BrokerName, string> {
  return { kafka: type, rabbitmq: type };
}

function same(value: HeaderValue): Record<BrokerName, HeaderValue> {
  return { kafka: value, rabbitmq: value };
}

/** Bytes may be any kind of byte array. */
function plainHeader(value: HeaderValue | undefined): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
