// F13 to F17: handlers that are slow or fail, a dead-letter topic that is away, messages that come twice, clocks that jump.
import { DeliveryLedger } from '@millrace/binder-conformance';
import * as library from '@platformatic/kafka';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { connect, eventStream, idempotent, MemoryIdempotencyStore } from 'millrace';
import type { Millrace } from 'millrace';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually, place, Program, rounds } from '../harness.ts';
import { totals, Traffic } from '../traffic.ts';
import { missing, onServer } from './cluster.ts';

const numbers = (name: string) => eventStream<{ n: number }>(name, { key: ({ n }) => `k${n % 3}` });
const retry = { maxAttempts: 3, backOffInitialInterval: 5, backOffMaxInterval: 20 };

/** Publishes 0, 1, 2 … and books them. */
async function publish(mr: Millrace, name: string, count: number, ledger: DeliveryLedger): Promise<void> {
  const all = Array.from({ length: count }, (_, n) => ({ n }));
  for (const { n } of all) ledger.attempted(String(n));
  await mr.publishAll(numbers(name), all);
  for (const { n } of all) ledger.acknowledged(String(n));
}

/** What each key saw is in order. */
function expectOrder(seen: readonly number[]): void {
  for (const key of [0, 1, 2]) {
    const ofKey = seen.filter((n) => n % 3 === key);
    expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
  }
}

describe.skipIf(missing !== undefined)('handlers on Kafka', { timeout: 900_000 }, () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await sandbox.start('kafka');
  }, 120_000);
  afterAll(async () => server?.stop());

  it('F13: a consumer ten times slower than its producer keeps memory bounded, and falls behind without harm', async () => {
    const samples: number[] = [];
    let done = '';
    const args = [place(onServer(server)), String(rounds(15, 600))];
    const program = new Program('greedy-producer', args, (message) => {
      const [what, value] = message.split(' ') as [string, string];
      if (what === 'rss') samples.push(Number(value));
      if (what === 'done') done = message;
    });
    expect(await program.exited).toBe(0);
    const [, published, handled] = done.split(' ').map(Number) as [number, number, number];
    expect(published).toBeGreaterThan(handled * 10);
    const settled = Math.max(...samples.slice(0, Math.ceil(samples.length / 3)));
    console.log(`F13: ${published} published, ${handled} handled, ${Math.round(Math.max(...samples) / 2 ** 20)} MiB at most`);
    // How much the heap keeps free for garbage differs from run to run; what is not handled, if it were kept, would be most of what moved.
    const moved = published * 500;
    expect(Math.max(...samples) - settled).toBeLessThan(Math.max(128 * 2 ** 20, moved / 4));
  });

  it('F14: a poison message is parked with its cause and the others go on, in order', async () => {
    await using mr = await connect(onServer(server));
    const ledger = new DeliveryLedger();
    const seen: number[] = [];
    await mr.subscribe(numbers('poisoned'), { group: 'g', retry }, ({ n }) => {
      if (n % 100 === 7) throw new Error(`poison ${n}`);
      seen.push(n);
      ledger.received(String(n));
    });
    const count = rounds(1000, 20_000);
    await publish(mr, 'poisoned', count, ledger);
    await eventually('the others are handled', () => seen.length === count - count / 100, 60_000);
    await eventually('the poison is parked', async () => (await mr.parked.summary())[0]?.count === count / 100);
    const parked = await mr.parked.list({ destination: 'poisoned' }, { limit: count });
    for (const { payload, cause, attempts } of parked) {
      const { n } = JSON.parse(Buffer.from(payload!).toString()) as { n: number };
      expect([cause.message, attempts]).toEqual([`poison ${n}`, 3]);
      ledger.received(String(n));
    }
    expectOrder(seen);
    console.log(totals('F14 one message in 100 is poison', ledger));
    ledger.check({ duplicates: 'none' });
  });

  it('F16: a message that comes twice has its effect once', async () => {
    await using mr = await connect(onServer(server));
    const ledger = new DeliveryLedger();
    const stream = numbers('twice');
    const store = new MemoryIdempotencyStore();
    const ids = Array.from({ length: 300 }, (_, n) => n);
    const copies: number[] = [];
    const handler = idempotent<{ n: number }, { readonly id: string }, void>(store, ({ n }) => ledger.received(String(n)));
    await mr.subscribe(stream, { group: 'g' }, (event, context) => {
      copies.push(event.n);
      return handler(event, context);
    });
    for (const n of [...ids, ...ids]) {
      ledger.attempted(String(n));
      await mr.publish(stream, { n }, { id: `message-${n}` });
      ledger.acknowledged(String(n));
    }
    await eventually('both copies come', () => copies.length === 2 * ids.length);
    console.log(totals('F16 every message sent twice', ledger));
    ledger.check({ duplicates: 'none' });
  });

  it('F17: a clock that jumps by an hour, both ways, ends no session and times nothing out', async () => {
    onTestFinished(() => void vi.useRealTimers());
    await using traffic = await Traffic.start(onServer(server), 'clock');
    for (const hours of [1, -1, 0]) {
      vi.useFakeTimers({ toFake: ['Date'], now: performance.timeOrigin + performance.now() + hours * 3_600_000 });
      await traffic.progress(1000);
    }
    await traffic.finish('F17 the clock jumps by an hour');
    expect([traffic.failed, traffic.ledger.summary().duplicated]).toEqual([0, 0]);
  });
});

describe.skipIf(missing !== undefined)('a dead-letter topic that is away', { timeout: 300_000 }, () => {
  it('F15: what cannot be parked is not acknowledged, and is parked when the topic is back', async () => {
    await using server = await sandbox.start('kafka', { nodes: 3 });
    await createOnOneBroker(server, 'error.orders.g', 3);
    await using mr = await connect(onServer(server, { patienceMs: 3000, deliveryTimeoutMs: 3000 }));
    const ledger = new DeliveryLedger();
    await publish(mr, 'orders', 300, ledger);
    await server.nodes[2]!.kill();
    const subscription = await mr.subscribe(numbers('orders'), { group: 'g', retry }, ({ n }) => {
      if (n === 7) throw new Error('poison');
      ledger.received(String(n));
    });
    // The poison's own key waits behind it; the others go on.
    await eventually('the other keys are handled', () => ledger.receivedCount >= 200, 60_000);
    await eventually('parking fails', () => subscription.health.error !== undefined, 60_000);
    const { raw } = await mr.binder();
    const committed = [...(await raw.log!.committed('orders', 'g')).values()].reduce((sum, offset) => sum + offset, 0);
    expect(committed).toBeLessThan(300);
    await server.nodes[2]!.start();
    await eventually('it is parked', async () => (await mr.parked.list()).length === 1, 60_000);
    const [parked] = await mr.parked.list();
    ledger.received(String((JSON.parse(Buffer.from(parked!.payload!).toString()) as { n: number }).n));
    await eventually('all others are handled', () => ledger.missing().length === 0, 60_000);
    console.log(totals('F15 the dead-letter topic has no leader', ledger));
    ledger.check();
  });
});

/** A topic that is gone while this broker is. */
async function createOnOneBroker(server: RunningServer, name: string, broker: number): Promise<void> {
  const connection = new library.Connection('test');
  const [host, port] = server.settings.addresses[0]!.split(':') as [string, string];
  await connection.connect(host, Number(port));
  const assignments = Array.from({ length: 6 }, (_, partitionIndex) => ({ partitionIndex, brokerIds: [broker] }));
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
  await library.createTopicsV7.api.async(connection, [topic], 10_000, false);
  await connection.close();
}
