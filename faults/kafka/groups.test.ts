// F8, F9, F10, F23: what happens to the members of a group.
import { DeliveryLedger } from '@millrace/binder-conformance';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { connect, eventStream } from 'millrace';
import type { Millrace } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, place, Program, rounds, sleep } from '../harness.ts';
import { totals } from '../traffic.ts';
import { missing, onServer } from './cluster.ts';
import { RebalanceStorm } from './rebalance-storm.ts';

const streamOf = (name: string) => eventStream<string>(name, { contentType: 'text/plain', key: (id) => id.split('-')[0] });

/** Publishes so many messages of seven keys and books them. */
async function publish(mr: Millrace, name: string, count: number, ledger: DeliveryLedger, prefix = ''): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `k${index % 7}-${prefix}${index}`);
  for (const id of ids) ledger.attempted(id);
  await mr.publishAll(streamOf(name), ids);
  for (const id of ids) ledger.acknowledged(id);
}

describe.skipIf(missing !== undefined)('groups on Kafka', { timeout: 600_000 }, () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await sandbox.start('kafka');
  }, 120_000);
  afterAll(async () => server?.stop());

  it('F8: a consumer killed between effect and commit leads to a second delivery, never to a loss', async () => {
    await using mr = await connect(onServer(server));
    const ledger = new DeliveryLedger();
    const total = rounds(1000, 10_000);
    await publish(mr, 'events', total, ledger);
    while (ledger.missing().length > 0) {
      const consumer = new Program('consumer', [place(onServer(server)), 'killed', '1'], (message) => {
        if (message.startsWith('got')) ledger.received(message.split(' ')[1]!);
      });
      const goal = Math.min(ledger.receivedCount + 300, total);
      await eventually('progress', () => ledger.receivedCount >= goal, 60_000);
      // A commit is never ahead of what was handled.
      const committed = await (await mr.binder()).raw.log!.committed('events', 'killed');
      expect([...committed.values()].reduce((sum, offset) => sum + offset, 0)).toBeLessThanOrEqual(total);
      consumer.kill('SIGKILL');
      await consumer.exited;
    }
    console.log(totals('F8 consumer killed', ledger));
    ledger.check();
  });

  it('F23: SIGTERM under load drains: nothing is lost and nothing comes twice', async () => {
    await using mr = await connect(onServer(server));
    const ledger = new DeliveryLedger();
    const total = rounds(3000, 50_000);
    await publish(mr, 'events', total, ledger, 'drained-');
    while (ledger.missing().length > 0) {
      const goal = Math.min(ledger.receivedCount + 700, total);
      const consumer = new Program('consumer', [place(onServer(server)), 'drained'], (message) => {
        const id = message.split(' ')[1];
        // What the other tests published comes too.
        if (message.startsWith('got') && id!.includes('drained-')) ledger.received(id!);
      });
      await eventually('progress', () => ledger.receivedCount >= goal, 60_000);
      consumer.kill('SIGTERM');
      expect(await consumer.exited).not.toBeNull();
    }
    console.log(totals('F23 SIGTERM under load', ledger));
    ledger.check({ duplicates: 'none' });
  });

  it('F9: a member frozen for longer than its session comes back as a zombie, and nothing of it counts', async () => {
    await using mr = await connect(onServer(server));
    const ledger = new DeliveryLedger();
    const copied: Record<string, number> = {};
    const copier = (name: string): Program =>
      new Program('copier', [place(onServer(server, { sessionTimeoutMs: 6000, transactionTimeoutMs: 5000 }))], (message) => {
        if (message.startsWith('copied')) copied[name] = (copied[name] ?? 0) + 1;
      });
    await publish(mr, 'input', 200, ledger, 'a');
    const reader = await mr.subscribe(streamOf('output'), { group: 'reader' }, (id) => ledger.received(id));
    const [zombie, other] = [copier('zombie'), copier('other')];
    for (let round = 0; round < rounds(1, 5); round++) {
      await publish(mr, 'input', 300, ledger, `b${round}-`);
      await eventually('both copy', () => copied['zombie']! > 20 && copied['other']! > 20, 60_000);
      process.kill(zombie.pid, 'SIGSTOP');
      await publish(mr, 'input', 300, ledger, `c${round}-`);
      await eventually('the other has copied all', () => ledger.missing().length === 0, 60_000);
      process.kill(zombie.pid, 'SIGCONT');
      await publish(mr, 'input', 300, ledger, `d${round}-`);
      await eventually('all is copied', () => ledger.missing().length === 0, 60_000);
      Object.assign(copied, { zombie: 0, other: 0 });
    }
    await publish(mr, 'input', 300, ledger, 'e');
    await eventually('the zombie takes part again', () => copied['zombie']! > 0, 60_000);
    await eventually('all is copied', () => ledger.missing().length === 0, 60_000);
    await sleep(1000);
    for (const program of [zombie, other]) program.kill('SIGTERM');
    await Promise.all([zombie.exited, other.exited]);
    await reader.close();
    console.log(totals('F9 frozen beyond the session, transactions', ledger));
    ledger.check({ duplicates: 'none' });
  });

  it('F10: members that come and go all the time lose nothing, keep the order and share no partition', async () => {
    const storm = new RebalanceStorm(server.settings.addresses, 'storm');
    await storm.begin();
    const until = performance.now() + rounds(8000, 60_000);
    while (performance.now() < until) {
      await storm.join();
      await sleep(Math.random() * 1000);
      if (storm.size > 3) await storm.leave();
    }
    await storm.finish();
    console.log(totals(`F10 ${storm.changes} joins and leaves`, storm.ledger));
    storm.ledger.check();
    expect(storm.violations).toEqual([]);
  });
});
