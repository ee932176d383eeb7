import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import type { Binder } from '@millrace/messaging/binder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rabbitBinder } from '../../src/index.ts';
import { optionsOf } from '../harness.ts';

const missing = await sandbox.missing('rabbitmq');

/** What was tried, what was confirmed or left open, and what arrived how often. */
class Checker {
  attempts = 0;
  readonly acked = new Set<string>();
  readonly unknown = new Set<string>();
  readonly refused = new Set<string>();
  readonly seen = new Map<string, number>();

  get counts(): Readonly<Record<string, number>> {
    const lost = [...this.acked].filter((id) => !this.seen.has(id)).length;
    const unexpected = [...this.seen.keys()].filter((id) => !this.acked.has(id) && !this.unknown.has(id)).length;
    const duplicated = [...this.seen.values()].filter((times) => times > 1).length;
    return { attempts: this.attempts, acks: this.acked.size, ok: this.seen.size, lost, unexpected, duplicated };
  }
}

describe.skipIf(missing !== undefined)('three nodes with quorum queues', { timeout: 180_000 }, () => {
  let server: RunningServer;
  let binder: Binder;

  beforeAll(async () => {
    server = await sandbox.start('rabbitmq', { nodes: 3 });
    binder = rabbitBinder({ ...optionsOf(server), heartbeatMs: 2000 });
    await binder.open();
  }, 180_000);
  afterAll(async () => {
    await binder?.close();
    await server?.stop();
  });

  async function produce(checker: Checker, running: () => boolean): Promise<void> {
    const producer = await binder.bindProducer('orders');
    while (running()) {
      const ids = Array.from({ length: 20 }, () => String(checker.attempts++));
      const outcomes = await producer.send(ids.map((id) => ({ payload: Buffer.from(id), headers: {} })));
      outcomes.forEach(({ error }, i) => {
        const book = error === undefined ? checker.acked : error.code === 'INDETERMINATE' ? checker.unknown : checker.refused;
        book.add(ids[i]!);
      });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function consume(checker: Checker, running: () => boolean): Promise<void> {
    let consumer = await binder.bindConsumer('orders', 'g');
    while (running()) {
      try {
        const deliveries = await consumer.receive(100, 200);
        for (const { payload } of deliveries) {
          const id = String(Buffer.from(payload!));
          checker.seen.set(id, (checker.seen.get(id) ?? 0) + 1);
        }
        if (deliveries.length > 0) await consumer.ack(deliveries);
      } catch {
        // What the supervisor of the portable layer does: attach again.
        await consumer.close();
        consumer = await binder.bindConsumer('orders', 'g').catch(async () => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          return binder.bindConsumer('orders', 'g');
        });
      }
    }
    await consumer.close();
  }

  it('lose nothing when each of them is killed in turn under load, and go on within seconds', async () => {
    const checker = new Checker();
    let [sending, reading] = [true, true];
    const consuming = consume(checker, () => reading);
    await expect.poll(async () => binder.provisioner.describe('orders')).toBeDefined();
    const producing = produce(checker, () => sending);
    try {
      for (const node of server.nodes) {
        const before = checker.acked.size;
        await node.kill();
        await expect.poll(() => checker.acked.size, { timeout: 20_000 }).toBeGreaterThan(before + 100);
        await node.start();
      }
      sending = false;
      await producing;
      await expect.poll(() => checker.counts['lost'], { timeout: 30_000 }).toBe(0);
    } finally {
      [sending, reading] = [false, false];
    }
    await consuming;
    expect(checker.counts, JSON.stringify(checker.counts)).toMatchObject({ lost: 0, unexpected: 0 });
    expect(checker.acked.size).toBeGreaterThan(300);
  });
});
