// One group of Kafka's own consumer and ours.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binder, ConsumerBinding } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';

// The consumer is compiled when it is started.
const canCompile = await promisify(execFile)('java', ['--describe-module', 'jdk.compiler']).then(
  () => true,
  () => false,
);
const missing = canCompile ? await sandbox.missing('kafka') : 'there is no Java compiler';
const assignors = 'org.apache.kafka.clients.consumer';

describe.skipIf(missing !== undefined)("one group of Java's consumer and ours", { timeout: 120_000 }, () => {
  let server: RunningServer;
  const open: Binder[] = [];
  beforeAll(async () => {
    server = await sandbox.start('kafka');
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => server?.stop());

  it.each([
    ['range', 'range', `${assignors}.RangeAssignor`],
    ['cooperative', 'cooperative-sticky', `${assignors}.CooperativeStickyAssignor`],
    ['its default', 'cooperative-sticky', `${assignors}.RangeAssignor,${assignors}.CooperativeStickyAssignor`],
  ] as const)(
    'shares the partitions out by %s, and each message goes to one of them',
    async (title, assignmentStrategy, theirs) => {
      const topic = title.replace(' ', '-');
      const binder = kafkaBinder({ brokers: server.settings.addresses, heartbeatMs: 200, assignmentStrategy });
      open.push(binder);
      await binder.open();
      const producer = await binder.bindProducer(topic, { partitions: 4 });
      const publish = async (values: readonly string[]): Promise<void> => {
        const messages = values.flatMap((value) =>
          [0, 1, 2, 3].map((partition) => ({
            payload: Buffer.from(value === 'stop' ? value : `${value}-${partition}`),
            headers: {},
            partition,
          })),
        );
        for (const { error } of await producer.send(messages)) if (error !== undefined) throw error;
      };
      const owned = new Set<number>();
      const consumer = await binder.bindConsumer(topic, 'g', {
        listener: {
          assigned: (partitions) => partitions.forEach((partition) => owned.add(partition)),
          revoked: async (partitions) => partitions.forEach((partition) => owned.delete(partition)),
          lost: (partitions) => partitions.forEach((partition) => owned.delete(partition)),
        },
      });
      const ours: string[] = [];
      const working = work(consumer, ours);
      expect([...owned]).toEqual([0, 1, 2, 3]);

      const program = join(import.meta.dirname, 'JavaMember.java');
      const running = server.nodes[0]!.run('java', program, server.settings.addresses[0]!, topic, 'g', theirs);
      await expect.poll(() => owned.size, { timeout: 60_000 }).toBe(2);
      const values = Array.from({ length: 50 }, (_, index) => String(index));
      await publish(values);
      await expect.poll(() => ours.length, { timeout: 20_000 }).toBe(100);
      await publish(['stop']);
      const lines = (await running).trim().split('\n');
      const got = lines.filter((line) => line.startsWith('got ')).map((line) => line.slice(4));
      expect(got).toHaveLength(100);
      const all = values.flatMap((value) => [0, 1, 2, 3].map((partition) => `${value}-${partition}`));
      expect([...ours.filter((value) => value !== 'stop'), ...got].toSorted()).toEqual(all.toSorted());

      // What it had comes back when it leaves.
      await expect.poll(() => owned.size, { timeout: 60_000 }).toBe(4);
      await consumer.close();
      await working;
    },
  );
});

async function work(consumer: ConsumerBinding, got: string[]): Promise<void> {
  for (let deliveries; (deliveries = await consumer.receive(100)).length > 0; await consumer.ack(deliveries))
    got.push(...deliveries.map(({ payload }) => Buffer.from(payload!).toString()));
}
