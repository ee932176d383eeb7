import { beforeEach, describe, expect, it } from 'vitest';
import type { QueueDelivery } from '@millrace/messaging/binder';
import { Bench, command, settle } from '../../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const ids = (deliveries: readonly QueueDelivery[]): string[] => deliveries.map(({ id }) => id);

async function queueWith(...commands: ReturnType<typeof command>[]) {
  const { queue } = await bench.client();
  await queue.send('q', commands);
  return { queue, consumer: await queue.consume('q', { leaseMs: 1000 }) };
}

/** What comes within a millisecond. */
async function now(consumer: { receive(max: number, waitMs?: number): Promise<readonly QueueDelivery[]> }, max = 100) {
  const received = consumer.receive(max, 1);
  await bench.clock.advance(1);
  return received;
}

describe('a queue', () => {
  it('hands out by priority, then in order of arrival, each command to one consumer', async () => {
    const { queue, consumer } = await queueWith(
      command('a'),
      command('b', { priority: 1 }),
      command('c'),
      command('d', { priority: 9 }),
    );
    expect(ids(await now(consumer, 2))).toEqual(['d', 'b']);
    expect(ids(await now(await queue.consume('q')))).toEqual(['a', 'c']);
  });

  it('forgets what was acknowledged and hands out the rest after a restart', async () => {
    const { consumer } = await queueWith(command('a'), command('b'), command('c'));
    const [first] = await now(consumer);
    await consumer.ack([first!]);
    bench.restart();
    const { queue } = await bench.client();
    expect(ids(await now(await queue.consume('q')))).toEqual(['b', 'c']);
  });

  it('takes a command back when its lease is not extended, and ignores the late acknowledgement', async () => {
    const { queue, consumer } = await queueWith(command('a'));
    const [held] = await now(consumer);
    await bench.clock.advance(800);
    expect(await consumer.extend([held!])).toEqual([]);
    await bench.clock.advance(800);
    const other = await queue.consume('q');
    expect(await now(other)).toEqual([]);
    await bench.clock.advance(300);
    const [again] = await now(other);
    expect([again!.id, again!.redeliveries]).toEqual(['a', 1]);
    expect(ids(await consumer.extend([held!]))).toEqual(['a']);
    await consumer.ack([held!]);
    expect(await now(consumer)).toEqual([]);
    await other.ack([again!]);
    bench.restart();
    expect(await (await (await bench.client()).queue.consume('q')).depth()).toBe(0);
  });

  it('ends no lease, delay or life early when the clock of the machine jumps', async () => {
    const start = bench.clock.now();
    const { consumer } = await queueWith(
      command('a'),
      command('late', { notBefore: start + 60_000 }),
      command('short', { expiresAt: start + 60_000 }),
    );
    const held = await now(consumer);
    expect(ids(held)).toEqual(['a', 'short']);
    await consumer.release(held.slice(1));
    bench.clock.jump(3_600_000);
    expect(ids(await now(consumer))).toEqual(['short']);
    expect(await consumer.extend([held[0]!])).toEqual([]);
    bench.clock.jump(-7_200_000);
    await bench.clock.advance(900);
    expect(await consumer.extend([held[0]!])).toEqual([]);
    await bench.clock.advance(59_100);
    expect(ids(await now(consumer))).toContain('late');
  });

  it('holds commands back until their time, also over a restart', async () => {
    await queueWith(command('later', { notBefore: bench.clock.now() + 5000 }), command('now'));
    bench.restart();
    const { queue } = await bench.client();
    const consumer = await queue.consume('q');
    expect(ids(await now(consumer))).toEqual(['now']);
    const waiting = consumer.receive(1);
    await bench.clock.advance(5000);
    expect(ids(await waiting)).toEqual(['later']);
  });

  it('drops what nobody took in time', async () => {
    const { consumer } = await queueWith(command('old', { expiresAt: bench.clock.now() + 100 }), command('new'));
    await bench.clock.advance(100);
    expect(ids(await now(consumer))).toEqual(['new']);
    bench.restart();
    expect(await (await (await bench.client()).queue.consume('q')).depth()).toBe(1);
  });

  it('gives a released command out again after its delay, holding back nothing else', async () => {
    const { consumer } = await queueWith(command('a'), command('b'));
    const [a] = await now(consumer, 1);
    await consumer.release([a!], 3000);
    expect(ids(await now(consumer))).toEqual(['b']);
    await bench.clock.advance(3000);
    const [again] = await now(consumer);
    expect([again!.id, again!.redeliveries]).toEqual(['a', 1]);
    await consumer.release([again!]);
    bench.restart();
    const [restarted] = await now(await (await bench.client()).queue.consume('q'));
    expect([restarted!.id, restarted!.redeliveries]).toEqual(['a', 2]);
  });

  it('keeps the count and the delay of released commands over a restart', async () => {
    const { consumer } = await queueWith(command('a'));
    const [a] = await now(consumer);
    await consumer.release([a!], 3000);
    bench.restart();
    const again = await (await bench.client()).queue.consume('q');
    expect(await now(again)).toEqual([]);
    await bench.clock.advance(3000);
    expect((await now(again)).map(({ redeliveries }) => redeliveries)).toEqual([1]);
  });

  it('drops repetitions of an id within the window, also in one batch and after a restart, and accepts it later', async () => {
    const once = command('a', { deduplicateMs: 1000 });
    const { queue, consumer } = await queueWith(once, once);
    await Promise.all([queue.send('q', [once]), queue.send('q', [once])]);
    await consumer.ack(await now(consumer));
    await queue.send('q', [once]);
    expect(await consumer.depth()).toBe(0);
    bench.restart();
    const later = await bench.client();
    await later.queue.send('q', [once]);
    const again = await later.queue.consume('q');
    expect(await again.depth()).toBe(0);
    await bench.clock.advance(1001);
    await later.queue.send('q', [once]);
    expect(await again.depth()).toBe(1);
  });

  it('withdraws only what nobody has started', async () => {
    const { queue, consumer } = await queueWith(command('a'), command('b'), command('c', { notBefore: bench.clock.now() + 1000 }));
    await now(consumer, 1);
    expect(await Promise.all(['a', 'b', 'b', 'c', 'x'].map((id) => queue.cancel('q', id)))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(await queue.cancel('none', 'a')).toBe(false);
    bench.restart();
    expect(ids(await now(await (await bench.client()).queue.consume('q')))).toEqual(['a']);
  });

  it('lets senders wait while it is full, and refuses them in the end', async () => {
    bench = new Bench({ maxQueueDepth: 2 });
    const { queue, consumer } = await queueWith(command('a'), command('b'));
    let sent = false;
    const waiting = queue.send('q', [command('c')]).then((outcomes) => {
      sent = true;
      return outcomes;
    });
    await settle();
    expect(sent).toBe(false);
    await consumer.ack((await now(consumer)).slice(0, 1));
    expect((await waiting)[0]!.error).toBeUndefined();
    const refused = queue.send('q', [command('d')]);
    await bench.clock.advance(30_000);
    expect((await refused)[0]!.error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'QUEUE_FULL', retryable: true });
  });

  it('hands out no more than a consumer may hold', async () => {
    const { queue } = await queueWith(command('a'), command('b'), command('c'));
    const consumer = await queue.consume('q', { maxInFlight: 2 });
    const held = await now(consumer);
    expect(ids(held)).toEqual(['a', 'b']);
    expect(await now(consumer)).toEqual([]);
    const next = consumer.receive(10);
    await consumer.ack(held.slice(0, 1));
    expect(ids(await next)).toEqual(['c']);
  });

  it('gives what a closed consumer held to the others at once', async () => {
    const { queue, consumer } = await queueWith(command('a'));
    await now(consumer);
    const other = await queue.consume('q');
    const waiting = other.receive(1);
    await consumer.close();
    expect((await waiting).map(({ redeliveries }) => redeliveries)).toEqual([1]);
  });

  it('frees the journal behind it, moving what stays long', async () => {
    const { queue, consumer } = await queueWith(command('stays', { notBefore: bench.clock.now() + 3_600_000 }));
    for (let i = 0; i < 30; i++) {
      await queue.send(
        'q',
        Array.from({ length: 1000 }, (_, n) => command(`${i}.${n}`)),
      );
      for (let done = 0; done < 1000;) {
        const some = await consumer.receive(1000);
        await consumer.ack(some);
        done += some.length;
      }
    }
    await bench.clock.advance(3000);
    const stored = bench.journal.bounds(3);
    expect(stored.next - stored.earliest).toBeLessThan(1000);
    bench.restart();
    const again = await (await bench.client()).queue.consume('q');
    await bench.clock.advance(3_600_000);
    expect(ids(await now(again))).toEqual(['stays']);
  });

  it('hands out what memory had no room for', async () => {
    const { queue } = await bench.client();
    const payload = new Uint8Array(1_000_000);
    for (let i = 0; i < 20; i++) await queue.send('q', [{ id: String(i), payload, headers: {} }]);
    const consumer = await queue.consume('q');
    const seen: string[] = [];
    while (seen.length < 20) {
      const some = await consumer.receive(100);
      for (const { id, payload: found } of some) seen.push(`${id}:${found!.length}`);
      await consumer.ack(some);
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => `${i}:1000000`));
  });
});

describe('return addresses', () => {
  it('get what is sent to them, and nothing once closed', async () => {
    const { queue } = await bench.client();
    const { queue: other } = await bench.client();
    const replies = await queue.openReplies();
    const message = { payload: Buffer.from('re'), headers: { correlationId: '1' } };
    await other.reply([
      { to: replies.address, message },
      { to: 'nobody', message },
    ]);
    expect((await replies.receive(10)).map(({ headers }) => headers)).toEqual([{ correlationId: '1' }]);
    const waiting = replies.receive(10);
    await replies.close();
    expect(await waiting).toEqual([]);
    await other.reply([{ to: replies.address, message }]);
  });

  it('takes replies together with the acknowledgement of what they answer', async () => {
    const { queue, consumer } = await queueWith(command('a'), command('b'));
    const replies = await queue.openReplies();
    const held = await now(consumer);
    const message = { payload: Buffer.from('re'), headers: { correlationId: 'a' } };
    await consumer.finish(held, [
      { to: replies.address, message },
      { to: 'nobody', message },
      { to: replies.address, message: { ...message, headers: { correlationId: 'b' } } },
    ]);
    expect((await replies.receive(10)).map(({ headers }) => headers['correlationId'])).toEqual(['a', 'b']);
    expect(await consumer.depth()).toBe(0);
    bench.restart();
    expect(await now(await (await bench.client()).queue.consume('q'))).toEqual([]);
  });
});
