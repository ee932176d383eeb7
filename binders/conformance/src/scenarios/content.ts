import assert from 'node:assert/strict';
import type { Headers, InboundMessage, OutboundMessage } from '@millrace/messaging/binder';
import { accepted, drain, refused } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { keyText, message, numbered, plain, texts, utf8 } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

const everyHeader: Headers = {
  text: 'plain',
  empty: '',
  unicode: 'naïve — 漢字 🜁',
  integer: 42,
  negative: -7,
  float: 3.25,
  large: Number.MAX_SAFE_INTEGER,
  beyond: 2n ** 53n + 1n,
  least: -(2n ** 63n),
  small: 1n,
  yes: true,
  no: false,
  nothing: null,
  bytes: new Uint8Array([0, 0xff, 0xd8, 0x80]),
  noBytes: new Uint8Array(0),
  list: ['a', 1, null, [true, 9n]],
  emptyList: [],
  nested: { deep: { deeper: [1, { bytes: new Uint8Array([1]) }] }, '': 'empty name' },
};

/** Payloads that naive binders break: see the names. */
const payloads: Readonly<Record<string, Uint8Array | null>> = {
  text: utf8('Grüße, 世界 🜁'),
  'not UTF-8': new Uint8Array([0xff, 0xd8, 0xff, 0x00, 0x10]),
  'every byte': Uint8Array.from({ length: 256 }, (_, index) => index),
  'looks like JSON': utf8('{"a":1}'),
  zeros: new Uint8Array(32),
  empty: new Uint8Array(0),
  tombstone: null,
};

export const contentScenarios = group(
  'content',
  scenario('header values keep type and value', [], async (kit) => {
    const [got] = await echo(kit, [message('x', { headers: everyHeader })]);
    for (const [name, value] of Object.entries(everyHeader)) {
      assert.deepEqual(plain(got!.headers[name]), plain(value), `header '${name}'`);
    }
    assert.deepEqual(plain(got!.headers), plain(everyHeader), 'no header is lost or added');
  }),

  scenario('a message without headers gets none', [], async (kit) => {
    const [got] = await echo(kit, [message('x')]);
    assert.deepEqual({ ...got!.headers }, {});
  }),

  scenario('header names are kept as they are', [], async (kit) => {
    const headers = { Name: 'upper', name: 'lower', 'x-dashed.and dotted': 1, constructor: 'c', toString: 't', naïve: 'n' };
    const [got] = await echo(kit, [message('x', { headers })]);
    assert.deepEqual({ ...got!.headers }, headers);
  }),

  scenario('many and long headers arrive', [], async (kit) => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`header-${index}`, `value ${index}`]));
    const long = 'z'.repeat(8192);
    const [got] = await echo(kit, [message('x', { headers: { ...headers, long } })]);
    assert.deepEqual({ ...got!.headers }, { ...headers, long });
  }),

  scenario('headers of neighbours in a batch are not mixed up', [], async (kit) => {
    const sent = numbered(20, 'm', (index) => ({ headers: index % 3 === 0 ? {} : { index } }));
    for (const got of await echo(kit, sent)) {
      const index = Number(texts([got])[0]?.slice(1));
      assert.deepEqual({ ...got.headers }, index % 3 === 0 ? {} : { index });
    }
  }),

  ...Object.entries(payloads).map(([name, payload]) =>
    scenario(`payload: ${name}`, [], async (kit) => {
      const [got] = await echo(kit, [{ payload, headers: { about: name }, key: 'k' }]);
      assert.deepEqual(plain(got!.payload), plain(payload));
      assert.deepEqual({ ...got!.headers }, { about: name });
    }),
  ),

  scenario('a payload that is part of a larger buffer arrives alone', [], async (kit) => {
    const whole = utf8('before|the message|after');
    const [got] = await echo(kit, [{ payload: whole.subarray(7, 18), headers: {} }]);
    assert.deepEqual(texts([got!]), ['the message']);
  }),

  scenario('a sender may reuse its buffer once the send has settled', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const producer = await kit.binder.bindProducer(destination);
    const buffer = utf8('first');
    await accepted(kit, producer.send([{ payload: buffer, headers: {} }]));
    buffer.set(utf8('wrong'));
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['first']);
  }),

  scenario('keys keep their bytes', [], async (kit) => {
    const keys = ['k', 'ключ', 'a b/c', new Uint8Array([0xff, 0xd8, 0]), undefined, utf8('bytes of a text')];
    const sent = keys.map((key, index) => message(`m${index}`, key === undefined ? {} : { key }));
    const got = await echo(kit, sent);
    for (const each of got) {
      const index = Number(texts([each])[0]?.slice(1));
      assert.deepEqual(keyText(each.key), keyText(keys[index]), `key ${index}`);
    }
  }),

  scenario('a given timestamp is kept to the millisecond', [], async (kit) => {
    const timestamp = kit.now() - 3_600_123;
    const [got] = await echo(kit, [message('x', { timestamp })]);
    assert.equal(got!.timestamp, timestamp);
  }),

  scenario('without a timestamp it is the time of the append', [], async (kit) => {
    const before = kit.now() - kit.limits.clockSkewMs;
    const [got] = await echo(kit, [message('x')]);
    const after = kit.now() + kit.limits.clockSkewMs;
    assert.ok(got!.timestamp >= before && got!.timestamp <= after, `${got!.timestamp} is not within ${before} … ${after}`);
  }),

  scenario('messages up to maxMessageBytes arrive whole', [], async (kit) => {
    const size = Math.min(kit.can.maxMessageBytes, kit.limits.largestBytes);
    for (const length of [1 << 10, 1 << 16, size]) {
      const payload = patterned(Math.min(length, size));
      const [got] = await echo(kit, [{ payload, headers: {} }]);
      assert.equal(got!.payload?.length, payload.length, 'the length of a large payload');
      assert.ok(Buffer.from(payload).equals(got!.payload), 'the bytes of a large payload');
    }
  }),

  scenario('one byte more than maxMessageBytes is refused, and its neighbours are not', [needs.reachableLimit], async (kit) => {
    const size = kit.can.maxMessageBytes + 1;
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const producer = await kit.binder.bindProducer(destination);
    const tooLarge = { payload: new Uint8Array(size), headers: {} };
    await refused(kit, ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'], producer.send([tooLarge]), 'a message over the limit');
    const outcomes = await kit.within(producer.send([message('before'), tooLarge, message('after')]), 'send');
    assert.deepEqual(
      outcomes.map((outcome) => outcome.error !== undefined),
      [false, true, false],
    );
    assert.deepEqual(texts(await drain(kit, consumer, 2)), ['before', 'after']);
  }),
);

/** Sends messages through a destination of their own; returns them as they arrive. */
async function echo(kit: Kit, messages: readonly OutboundMessage[]): Promise<readonly InboundMessage[]> {
  const destination = kit.name();
  const consumer = await kit.within(kit.binder.bindConsumer(destination, 'g'), 'bindConsumer');
  const producer = await kit.within(kit.binder.bindProducer(destination), 'bindProducer');
  await accepted(kit, producer.send(messages), messages.length);
  return drain(kit, consumer, messages.length);
}

/** Bytes in which any shift or repetition shows. */
function patterned(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
