import assert from 'node:assert/strict';
import type { Binder, ConsumerBinding, Delivery } from '@millrace/messaging/binder';
import { accepted, collect, drain, inAnyOrder, quiet, rejection, rejectsWith } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { Members } from '../members.ts';
import { message, names, numbered, spread, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const transactionsScenarios = group(
  'transactions',
  scenario('a commit sends what was produced and acknowledges what was consumed', [needs.transactions], async (kit) => {
    const { input, consumer, output, results } = await pipeline(kit);
    const consumed = await collect(kit, consumer, 5);
    await commit(kit, consumer, consumed, output, 'r');
    inAnyOrder(texts(await drain(kit, results, 5)), names(5, 'r'));
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(input, 'g');
    inAnyOrder(texts(await drain(kit, next, 5)), names(5, 'm', 5));
    await quiet(kit, next, 'the group after the commit');
  }),

  scenario('a commit may only produce, only consume, or do nothing', [needs.transactions], async (kit) => {
    const { consumer, output, results } = await pipeline(kit);
    const consumed = await collect(kit, consumer, 10);
    const { transactions: tx } = kit;
    await kit.within(tx.commit({ consumed: [], produced: [] }), 'an empty commit');
    await kit.within(tx.commit({ consumed: [{ binding: consumer, deliveries: consumed }], produced: [] }), 'commit');
    await kit.within(tx.commit({ consumed: [], produced: [{ destination: output, messages: [message('alone')] }] }), 'commit');
    assert.deepEqual(texts(await drain(kit, results, 1)), ['alone']);
    await quiet(kit, consumer);
  }),

  scenario('a commit that fails is invisible and acknowledges nothing', [needs.transactions, needs.reachableLimit], async (kit) => {
    const { input, consumer, output, results } = await pipeline(kit);
    const consumed = await collect(kit, consumer, 10);
    const tooLarge = { payload: new Uint8Array(kit.can.maxMessageBytes + 1), headers: {} };
    const failing = kit.transactions.commit({
      consumed: [{ binding: consumer, deliveries: consumed }],
      produced: [{ destination: output, messages: [message('small'), tooLarge] }],
    });
    await rejection(kit, failing, 'a commit with a message over the limit');
    await quiet(kit, results, 'the output of a failed commit');
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(input, 'g');
    inAnyOrder(texts(await drain(kit, next, 10)), names(10));
  }),

  scenario('messages of one commit become visible together', [needs.transactions, needs.log()], async (kit) => {
    const outputs = [kit.name('left'), kit.name('right')] as const;
    for (const each of outputs) await kit.binder.provisioner.ensure(each);
    const rounds = 40;
    const committing = kit.meanwhile(
      (async () => {
        for (let round = 0; round < rounds; round++) {
          const produced = outputs.map((destination) => ({ destination, messages: numbered(2, `${round}-`) }));
          await kit.within(kit.transactions.commit({ consumed: [], produced }), 'commit');
        }
      })(),
    );
    for (let turn = 0, seen = 0; seen < 2 * rounds; turn++) {
      // Destinations may lie on different nodes, which learn of a commit one after the other: a moment later both show it.
      const [first, second] = turn % 2 === 0 ? outputs : [outputs[1], outputs[0]];
      seen = await visible(kit, first);
      assert.equal(seen % 2, 0, 'a commit of two messages is seen whole');
      const early = seen;
      await kit.eventually(`what one destination shows being in the other`, async () => (await visible(kit, second)) >= early);
    }
    await committing;
  }),

  scenario(
    'a commit for a partition that moved away conflicts and does nothing',
    [needs.transactions, needs.ordered],
    async (kit) => {
      const input = kit.name('in');
      const output = kit.name('out');
      const sender = await kit.binder.bindProducer(input, { requiredGroups: ['g'], partitions: 4 });
      await accepted(kit, sender.send(spread(20, 4)));
      const members = new Members(kit, 4);
      const first = await members.join(input, 'g');
      const held = await collect(kit, first.binding, 20);
      const second = await members.join(input, 'g');
      await members.settled({ spread: true });
      const results = await kit.binder.bindConsumer(output, 'g');
      const moved = held.filter((each) => second.owned.has(each.partition));
      await rejectsWith(kit, 'CONFLICT', commit(kit, first.binding, moved, output, 'r'), "a commit for another member's partition");
      await quiet(kit, results, 'the output of a commit that conflicts');
      assert.equal((await drain(kit, second.binding, moved.length)).length, moved.length);
    },
  ),

  scenario('a commit by a closed member conflicts or fails, and does nothing', [needs.transactions], async (kit) => {
    const { input, consumer, output, results } = await pipeline(kit);
    const consumed = await collect(kit, consumer, 10);
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(input, 'g');
    await collect(kit, next, 10);
    await rejection(kit, commit(kit, consumer, consumed, output, 'r'), 'a commit by a closed member');
    await quiet(kit, results);
  }),

  scenario('a commit spans several consumers and destinations', [needs.transactions], async (kit) => {
    const inputs = [kit.name('a'), kit.name('b')];
    const outputs = [kit.name('c'), kit.name('d')];
    const consumers = await Promise.all(inputs.map((each) => kit.binder.bindConsumer(each, 'g')));
    const results = await Promise.all(outputs.map((each) => kit.binder.bindConsumer(each, 'g')));
    for (const each of inputs) await accepted(kit, (await kit.binder.bindProducer(each)).send(numbered(3)));
    const consumed = await Promise.all(consumers.map(async (binding) => ({ binding, deliveries: await collect(kit, binding, 3) })));
    const produced = outputs.map((destination) => ({ destination, messages: numbered(3, 'r') }));
    await kit.within(kit.transactions.commit({ consumed, produced }), 'commit');
    for (const each of results) assert.deepEqual(texts(await drain(kit, each, 3)), names(3, 'r'));
    for (const each of consumers) await quiet(kit, each);
  }),

  scenario('commits of several clients lose and double nothing', [needs.transactions, needs.twoClients], async (kit) => {
    const input = kit.name('in');
    const output = kit.name('out');
    const sender = await kit.binder.bindProducer(input, { requiredGroups: ['g'], partitions: 4 });
    const results = await kit.binder.bindConsumer(output, 'all');
    await accepted(kit, sender.send(spread(200, 4)));
    const clients = [kit.binder, await kit.client(), await kit.client()];
    const members = await Promise.all(clients.map((client) => client.bindConsumer(input, 'g')));
    const copying = members.map((member, index) => kit.meanwhile(copy(kit, clients[index]!, member, output)));
    const got = texts(await drain(kit, results, 200));
    await Promise.all(members.map((member) => member.close()));
    await Promise.all(copying);
    inAnyOrder(got, names(200));
    await quiet(kit, results, 'the output, where each input appears once');
  }),
);

/** Ten messages in an input of one partition, with a consumer; an output with a consumer. */
async function pipeline(kit: Kit) {
  const [input, output] = [kit.name('in'), kit.name('out')];
  const consumer = await kit.within(kit.binder.bindConsumer(input, 'g'), 'bindConsumer');
  const results = await kit.within(kit.binder.bindConsumer(output, 'g'), 'bindConsumer');
  const sender = await kit.within(kit.binder.bindProducer(input), 'bindProducer');
  await accepted(kit, sender.send(numbered(10)));
  return { input, consumer, output, results };
}

function commit(
  kit: Kit,
  binding: ConsumerBinding,
  deliveries: readonly Delivery[],
  destination: string,
  prefix: string,
): Promise<void> {
  const produced = [{ destination, messages: numbered(deliveries.length, prefix) }];
  return kit.within(kit.transactions.commit({ consumed: [{ binding, deliveries }], produced }), 'commit');
}

/** Copies input to output, a transaction per batch; what conflicts comes again elsewhere. */
async function copy(kit: Kit, client: Binder, member: ConsumerBinding, destination: string): Promise<void> {
  for (;;) {
    const deliveries = await member.receive(7);
    if (deliveries.length === 0) return;
    const messages = deliveries.map(({ payload, headers }) => ({ payload, headers }));
    const committing = client.transactions!.commit({
      consumed: [{ binding: member, deliveries }],
      produced: [{ destination, messages }],
    });
    await committing.catch((error: unknown) => {
      if (client.errorCode(error) !== 'CONFLICT') throw error;
    });
  }
}

async function visible(kit: Kit, destination: string): Promise<number> {
  let count = 0;
  for (let next = 0; ;) {
    const slice = await kit.within(kit.log.read(destination, 0, next), 'read');
    if (slice.messages.length === 0) return count;
    count += slice.messages.length;
    next = slice.next;
  }
}
