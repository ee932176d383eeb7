import { beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '@millrace/core';
import { Broker } from '../../src/broker/broker.ts';
import type { Call } from '../../src/broker/call.ts';
import type { Session } from '../../src/broker/session.ts';
import type { BatchInput, Journal } from '../../src/journal/journal.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { encodeRecords } from '../../src/records/records.ts';
import type { Answer, Ask, OperationName } from '../../src/wire/protocol.ts';
import { Bench, bytes, command, limits, message, place, text, scheduling } from '../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

/** Asks as a client does that numbers its requests, and resolves with the answer or the error. */
function ask<Name extends OperationName>(session: Session, name: Name, question: Ask<Name>, body: Uint8Array, sequence: number) {
  return new Promise<Answer<Name>>((resolve, reject) => {
    const answers = { answer: resolve, answerLater: resolve, give: resolve, fail: reject };
    const ignored = { release: () => undefined, onCancel: () => undefined };
    const call: Call<Name> = { session, ask: question, body, sequence, ...answers, ...ignored };
    bench.broker.handle(name, call);
  });
}

function greeted(producer: string): Session {
  const session = bench.broker.open();
  session.producer = producer;
  return session;
}

function batch(...payloads: string[]) {
  const {
    bytes: body,
    count,
    firstTime: first,
    lastTime: last,
  } = encodeRecords(
    payloads.map((payload) => message(payload)),
    1,
  );
  return { meta: { count, first, last, length: body.length }, body };
}

function encoded() {
  const attributes = Buffer.from([1, 0, 0, 0]);
  const {
    bytes: body,
    count,
    firstTime: first,
    lastTime: last,
  } = encodeRecords([{ key: 'k', payload: bytes('v'), headers: {}, attributes }], 1);
  return { meta: { count, first, last, length: body.length }, body };
}

describe('a repeated request', () => {
  it('is answered as before and not done again, also by the next broker', async () => {
    await (await bench.client()).bindProducer('t');
    const { meta, body } = batch('a');
    const question = { destination: 't', batches: [{ partition: 0, ...meta }] };
    await ask(greeted('p'), 'log.send', question, body, 1);
    await ask(greeted('p'), 'log.send', question, body, 1);
    bench.restart();
    await ask(greeted('p'), 'log.send', question, body, 1);
    await ask(greeted('p'), 'log.send', question, body, 2);
    await ask(greeted('other'), 'log.send', question, body, 1);
    expect((await (await bench.client()).log.partitions('t'))[0]!.next).toBe(3);
  });

  it('gets the outcomes of its changes again', async () => {
    const { region } = await bench.client();
    const binding = await region.open('r');
    const { meta, body } = encoded();
    const question = { region: 'r', batch: meta, origin: undefined, atomic: false };
    const first = await ask(greeted('p'), 'region.apply', question, body, 7);
    await binding.apply([{ key: 'k', value: bytes('other') }]);
    bench.restart();
    expect(await ask(greeted('p'), 'region.apply', question, body, 7)).toEqual(first);
    const [entry] = await (await (await bench.client()).region.open('r')).get(['k']);
    expect(text(entry!.value)).toBe('other');
  });

  it('is done when it failed before', async () => {
    const { meta, body } = batch('a');
    const question = { destination: 't', batches: [{ partition: 0, ...meta }] };
    await expect(ask(greeted('p'), 'log.send', question, body, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await (await bench.client()).bindProducer('t');
    expect(await ask(greeted('p'), 'log.send', question, body, 1)).toEqual({ bases: [0] });
  });

  it('is forgotten when the client said goodbye', async () => {
    const { meta, body } = batch('a');
    await (await bench.client()).bindProducer('t');
    const question = { destination: 't', batches: [{ partition: 0, ...meta }] };
    const session = greeted('p');
    await ask(session, 'log.send', question, body, 1);
    await ask(session, 'bye', {}, new Uint8Array(), 0);
    expect(await ask(greeted('p'), 'log.send', question, body, 1)).toEqual({ bases: [1] });
  });
});

describe('a request that is malformed', () => {
  it('fails alone', async () => {
    await (await bench.client()).bindProducer('t');
    const session = greeted('p');
    const { meta, body } = batch('a', 'b');
    const send = (partition: object, some: Uint8Array) =>
      ask(session, 'log.send', { destination: 't', batches: [{ partition: 0, ...meta, ...partition }] }, some, 0);
    await expect(send({}, body.subarray(0, 5))).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    await expect(send({ length: body.length - 3 }, body)).rejects.toBeInstanceOf(MillraceError);
    await expect(send({ count: 3 }, body)).rejects.toMatchObject({ reason: 'BATCH_INVALID' });
    await expect(send({ length: -1 }, body)).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    await expect(ask(session, 'nonsense' as 'ping', {}, body, 0)).rejects.toMatchObject({ reason: 'OPERATION_UNKNOWN' });
    await expect(ask(session, 'log.send', {} as never, body, 0)).rejects.toBeInstanceOf(MillraceError);
    expect(await send({}, body)).toEqual({ bases: [0] });
  });
});

/** A journal whose disk can be full. */
class FullJournal extends MemoryJournal {
  full = false;
  commits = 0;

  override commit(batches: readonly BatchInput[]): readonly number[] {
    if (this.full) throw new MillraceError('full', { code: 'RESOURCE_EXHAUSTED', reason: 'diskFull', retryable: true });
    this.commits++;
    return super.commit(batches);
  }
}

describe('a full disk', () => {
  it('fails what would be stored, changes nothing, and is over when there is room', async () => {
    let journal: FullJournal | undefined;
    bench = new Bench({ journal: (clock): Journal => (journal = new FullJournal({ clock })) });
    const binder = await bench.client();
    const region = await binder.region.open('r');
    const producer = await binder.bindProducer('t');
    await producer.send([message('a')]);
    await region.apply([{ key: 'k', value: bytes('1') }]);
    const consumer = await binder.bindConsumer('t', 'g');
    journal!.full = true;
    expect((await producer.send([message('b')]))[0]!.error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await expect(region.apply([{ key: 'k', value: bytes('2') }])).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await expect(binder.bindProducer('new')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect((await binder.queue.send('q', [command('x', { deduplicateMs: 1000 })]))[0]!.error).toBeDefined();
    const deliveries = await consumer.receive(10);
    await expect(consumer.ack(deliveries)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(text((await region.get(['k']))[0]!.value)).toBe('1');
    journal!.full = false;
    const [version] = await region.apply([{ key: 'k', value: bytes('3'), ifVersion: 1 }]);
    expect(version).toEqual({ applied: true, version: 2, existed: true });
    expect(place((await producer.send([message('c')]))[0])).toEqual([0, 1]);
    expect(place((await binder.queue.send('q', [command('x', { deduplicateMs: 1000 })]))[0])).toEqual([0, 0]);
    await (await binder.bindProducer('new')).send([message('n')]);
    bench.restart();
    const again = await bench.client();
    expect((await again.log.read('t', 0, 0)).messages.map(({ payload }) => text(payload))).toEqual(['a', 'c']);
    expect((await again.log.read('new', 0, 0)).messages).toHaveLength(1);
    expect(await (await again.queue.consume('q')).depth()).toBe(1);
  });
});

describe('what arrives together', () => {
  it('is committed together', async () => {
    let journal: FullJournal | undefined;
    bench = new Bench({ journal: (clock): Journal => (journal = new FullJournal({ clock })) });
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    const region = await binder.region.open('r');
    const before = journal!.commits;
    await Promise.all([
      ...Array.from({ length: 50 }, () => producer.send([message('a')])),
      ...Array.from({ length: 50 }, (_, i) => region.apply([{ key: String(i), value: bytes('1') }])),
    ]);
    expect(journal!.commits - before).toBeLessThanOrEqual(2);
  });
});

describe('the small state of the broker', () => {
  it('is written anew when most of it is overwritten', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    const consumer = await binder.bindConsumer('t', 'g');
    for (let i = 0; i < 30; i++) {
      await producer.send(Array.from({ length: 1000 }, () => message('x')));
      for (let done = 0; done < 1000;) {
        for (const delivery of await consumer.receive(1000)) {
          void consumer.ack([delivery]);
          // A commit of its own for each, as from handlers that finish one after another.
          await Promise.resolve();
          await Promise.resolve();
          await Promise.resolve();
          done++;
        }
      }
    }
    await bench.clock.advance(2000);
    const { earliest, next } = bench.journal.bounds(1);
    expect(next - earliest).toBeLessThan(20_100);
    bench.restart();
    expect([...(await (await bench.client()).log.committed('t', 'g'))]).toEqual([[0, 30_000]]);
  });
});

describe('a closed broker', () => {
  it('answers what waits and refuses the rest', async () => {
    const binder = await bench.client();
    await binder.bindProducer('t');
    const read = binder.log.read('t', 0, 0, { waitMs: 1000 });
    const failed = expect(read).rejects.toMatchObject({ code: 'NOT_FOUND' });
    bench.broker.close();
    await failed;
    await expect(binder.log.partitions('t')).rejects.toBeInstanceOf(MillraceError);
    expect(() => new Broker({ journal: bench.journal, clock: bench.clock, limits, scheduling, takeOver: false })).not.toThrow();
  });
});
