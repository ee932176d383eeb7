import { ManualClock, MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import type { Binder, OutboundMessage, ProducerBinding, SendOutcome } from '../../src/binder/index.ts';
import { PendingEvent } from '../../src/firehose/pending.ts';
import { Publisher } from '../../src/firehose/publisher.ts';
import { MetricsRegistry } from '../../src/policies/metrics.ts';
import { turn } from '../support.ts';

/** A broker whose answers the test gives. */
function setUp(partitions = 3) {
  const clock = new ManualClock();
  const metrics = new MetricsRegistry();
  const sends: {
    messages: readonly OutboundMessage[];
    answer: (outcomes?: SendOutcome[]) => void;
    fail: (error: unknown) => void;
  }[] = [];
  const binding: ProducerBinding = {
    destination: 'readings',
    partitions,
    send: (messages) =>
      new Promise((resolve, reject) => {
        const answer = (outcomes = messages.map((_, offset): SendOutcome => ({ partition: 0, offset }))) => resolve(outcomes);
        sends.push({ messages, answer, fail: reject });
      }),
    close: () => Promise.resolve(),
  };
  const binder = { name: 'test', errorCode: () => 'UNAVAILABLE' } as unknown as Binder;
  const opened = { failures: 0 };
  const publisher = new Publisher({
    destination: 'readings',
    clock,
    published: metrics.counter('published', ''),
    failed: metrics.counter('failed', ''),
    open: () =>
      opened.failures-- > 0
        ? Promise.reject(new MillraceError('no broker', { code: 'UNAVAILABLE', reason: 'X' }))
        : Promise.resolve({ binder, binding }),
  });
  const publish = (name: string, options: { selector?: number; partition?: number; ms?: number; bytes?: number } = {}) =>
    new Promise<SendOutcome>((settle) => {
      const payload = options.bytes === undefined ? Buffer.from(name) : Buffer.alloc(options.bytes);
      const draft = { payload, headers: { name }, key: undefined, partition: options.partition, timestamp: undefined };
      const expires = clock.monotonic() + (options.ms ?? 1000);
      publisher.enqueue(new PendingEvent(draft, options.selector, expires, settle, (error) => settle({ error })));
    });
  const names = (index: number) => sends[index]?.messages.map(({ headers }) => headers['name']);
  return { clock, metrics, sends, publisher, publish, names, opened };
}

test('what is published in one turn goes in one batch, in order', async () => {
  const { publish, names, sends } = setUp();
  const outcomes = Promise.all(['a', 'b', 'c'].map((name) => publish(name)));
  await turn();
  expect(names(0)).toEqual(['a', 'b', 'c']);
  sends[0]!.answer();
  expect(await outcomes).toEqual([0, 1, 2].map((offset) => ({ partition: 0, offset })));
});

test('callers resumed by a batch share the next one', async () => {
  const { publish, names, sends } = setUp();
  const loops = ['a', 'b', 'c'].map(async (name) => {
    await publish(`${name}1`);
    await Promise.resolve();
    await publish(`${name}2`);
  });
  await turn();
  sends[0]!.answer();
  await turn();
  expect(names(1)).toEqual(['a2', 'b2', 'c2']);
  sends[1]!.answer();
  await Promise.all(loops);
});

test('while two batches are in flight, everything is collected for the next', async () => {
  const { publish, names, sends } = setUp();
  for (const name of ['a', 'b', 'c', 'd']) {
    void publish(name);
    await turn();
  }
  expect([names(0), names(1), names(2)]).toEqual([['a'], ['b'], undefined]);
  sends[0]!.answer();
  await turn();
  expect(names(2)).toEqual(['c', 'd']);
});

test('a batch is bounded in bytes, but a large message still goes', async () => {
  const { publish, sends, names } = setUp();
  for (const name of ['a', 'b', 'c']) void publish(name, { bytes: 700_000 });
  void publish('d', { bytes: 2_000_000 });
  await turn();
  await turn();
  expect([names(0), names(1), names(2)]).toEqual([['a'], ['b'], undefined]);
  sends[0]!.answer();
  sends[1]!.answer();
  await turn();
  await turn();
  expect([names(2), names(3)]).toEqual([['c'], ['d']]);
});

test('the partition is the selector modulo the actual number, or the one asked for', async () => {
  const { publish, sends } = setUp(3);
  void publish('a', { selector: 7 });
  void publish('b', { selector: 7, partition: 2 });
  void publish('c');
  const refused = publish('d', { partition: 3 });
  await turn();
  expect(sends[0]!.messages.map(({ partition }) => partition)).toEqual([1, 2, undefined]);
  expect(await refused).toMatchObject({ error: { reason: 'NO_SUCH_PARTITION', message: expect.stringContaining('0 to 2') } });
});

test('an event not sent by its deadline never is; one sent but unconfirmed is indeterminate', async () => {
  const { clock, publish, sends, names } = setUp();
  const first = publish('a', { ms: 100 });
  await turn();
  void publish('b', { ms: 5000 });
  await turn();
  const waiting = publish('c', { ms: 100 });
  const later = publish('d', { ms: 5000 });
  await clock.advance(100);
  expect(await first).toMatchObject({ error: { code: 'INDETERMINATE' } });
  expect(await waiting).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
  // A late answer changes nothing for the one and frees the way for the other.
  sends[0]!.answer();
  await turn();
  expect(names(2)).toEqual(['d']);
  sends[2]!.answer();
  expect(await later).toMatchObject({ offset: 0 });
});

test('a failed batch fails each of its events with the code that the binder gives', async () => {
  const { publish, sends, metrics } = setUp();
  const outcomes = Promise.all([publish('a'), publish('b')]);
  await turn();
  sends[0]!.fail(new Error('socket closed'));
  for (const { error } of await outcomes) {
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'BINDER_FAILED',
      message: expect.stringContaining('socket closed'),
    });
  }
  expect(metrics.text()).toContain('failed 2');
});

test('single outcomes of a batch are told apart', async () => {
  const { publish, sends, metrics } = setUp();
  const outcomes = Promise.all([publish('a'), publish('b')]);
  await turn();
  const error = new MillraceError('too large', { code: 'INVALID_ARGUMENT', reason: 'X' });
  sends[0]!.answer([{ error }, { partition: 1, offset: 9 }]);
  expect(await outcomes).toEqual([{ error }, { partition: 1, offset: 9 }]);
  expect(metrics.text()).toMatch(/published 1\n[^]*failed 1/);
});

test('when the destination cannot be opened waiting events fail, and the next publish tries again', async () => {
  const { publish, opened, sends } = setUp();
  opened.failures = 1;
  expect(await publish('a')).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  const second = publish('b');
  await turn();
  sends[0]!.answer();
  expect(await second).toMatchObject({ offset: 0 });
});

test('beyond the bound senders wait for room, at most until their deadline', async () => {
  const { clock, publish, publisher, sends } = setUp();
  for (let index = 0; index < 40; index++) void publish('a', { bytes: 1 << 20, ms: 60_000 });
  await turn();
  expect(publisher.congested).toBe(true);
  const tooLate = expect(publisher.room(clock.monotonic() + 10)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await clock.advance(10);
  await tooLate;
  let room = false;
  void publisher.room(60_000).then(() => (room = true));
  for (let index = 0; index < 8; index++) {
    expect(room).toBe(false);
    sends[index]!.answer();
    await turn();
    await turn();
  }
  sends[8]!.answer();
  await turn();
  expect(room).toBe(true);
});

test('closing settles everything first', async () => {
  const { publish, publisher, sends } = setUp();
  let closed = false;
  const outcome = publish('a');
  const closing = publisher.close().then(() => (closed = true));
  await turn();
  expect(closed).toBe(false);
  sends[0]!.answer();
  await closing;
  expect(await outcome).toMatchObject({ offset: 0 });
});
