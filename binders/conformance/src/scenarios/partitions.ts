import assert from 'node:assert/strict';
import type { Delivery } from '@millrace/messaging/binder';
import { sendBooked } from '../booking.ts';
import { Consumption } from '../consumption.ts';
import { accepted, collect, drain, inAnyOrder, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { DeliveryLedger } from '../ledger.ts';
import { Members } from '../members.ts';
import type { Member } from '../members.ts';
import { message, names, numbered, spread, textOf, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const partitionsScenarios = group(
  'partitions',
  scenario('one member gets all partitions, each in order', [needs.ordered], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 4 });
    const sender = await kit.binder.bindProducer(destination);
    assert.equal(sender.partitions, 4);
    for (let batch = 0; batch < 5; batch++) await accepted(kit, sender.send(spread(40, 4, `${batch}-`)));
    const got = await drain(kit, consumer, 200);
    for (let partition = 0; partition < 4; partition++) {
      const offsets = got.filter((each) => each.partition === partition).map((each) => each.offset);
      assert.equal(offsets.length, 50);
      assert.deepEqual(
        offsets,
        offsets.toSorted((a, b) => a - b),
      );
    }
  }),

  scenario('a partition with unfinished messages holds up no other', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(numbered(3, 'held', { partition: 0 })));
    const held = await collect(kit, consumer, 3);
    await accepted(kit, sender.send(numbered(20, 'm', { partition: 1 })));
    inAnyOrder(texts(await drain(kit, consumer, 20)), names(20));
    await kit.within(consumer.ack(held), 'ack');
  }),

  scenario('a delayed release in one partition holds up no other', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send([message('later', { partition: 0 })]));
    await kit.within(consumer.release(await collect(kit, consumer, 1), 10 * kit.timeouts.stepMs), 'release with a delay');
    await accepted(kit, sender.send(numbered(5, 'now', { partition: 1 })));
    inAnyOrder(texts(await drain(kit, consumer, 5)), names(5, 'now'));
    await kit.pass(11 * kit.timeouts.stepMs);
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['later']);
  }),

  scenario('a fixed assignment gets its partitions and no others', [], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { partitions: 4 });
    const [even, odd] = await Promise.all(
      [0, 1].map((index) => kit.binder.bindConsumer(destination, 'g', { assignment: { index, count: 2 } })),
    );
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(spread(40, 4)));
    for (const [index, consumer] of [even!, odd!].entries()) {
      const got = await drain(kit, consumer, 20);
      assert.deepEqual(new Set(got.map((each) => each.partition)), new Set([index, index + 2]));
      await quiet(kit, consumer);
    }
  }),

  scenario('with a fixed assignment nobody takes over the partitions of a missing member', [], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
    const first = await kit.binder.bindConsumer(destination, 'g', { assignment: { index: 0, count: 2 } });
    await accepted(kit, sender.send(spread(10, 2)));
    await drain(kit, first, 5);
    await quiet(kit, first);
    const second = await kit.binder.bindConsumer(destination, 'g', { assignment: { index: 1, count: 2 } });
    const got = await drain(kit, second, 5);
    assert.ok(got.every((each) => each.partition === 1));
  }),

  scenario('a paused consumer gets nothing until it is resumed', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const sender = await kit.binder.bindProducer(destination);
    consumer.pause();
    await accepted(kit, sender.send(numbered(5)));
    await quiet(kit, consumer, 'a paused consumer');
    consumer.resume();
    inAnyOrder(texts(await drain(kit, consumer, 5)), names(5));
  }),

  scenario('resuming wakes a receive that waits', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    consumer.pause();
    await accepted(kit, (await kit.binder.bindProducer(destination)).send([message('x')]));
    const receiving = kit.meanwhile(consumer.receive(1));
    await kit.pass(kit.timeouts.quietMs);
    consumer.resume();
    assert.deepEqual(texts(await kit.within(receiving, 'receive after resume')), ['x']);
  }),

  scenario('one partition can be paused alone', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination);
    consumer.pause([0]);
    await accepted(kit, sender.send(spread(10, 2)));
    assert.ok((await drain(kit, consumer, 5)).every((each) => each.partition === 1));
    await quiet(kit, consumer, 'the paused partition');
    consumer.resume([0]);
    assert.ok((await drain(kit, consumer, 5)).every((each) => each.partition === 0));
  }),

  scenario('members that join and leave under load lose nothing and share no partition', [], async (kit) => {
    const team = await Team.start(kit, 4);
    await team.join();
    const sending = kit.meanwhile(team.publish(500));
    await team.join();
    await team.progress(100);
    await team.join();
    await team.progress(200);
    await team.leave();
    await team.progress(300);
    await team.join();
    await team.leave();
    await sending;
    await team.finish();
  }),

  scenario('a joining member takes over partitions', [needs.ordered], async (kit) => {
    const destination = kit.name();
    const members = new Members(kit, 4);
    const first = await members.join(destination, 'g');
    await members.settled();
    assert.equal(first.owned.size, 4);
    const working = new Consumption(kit, first.binding, () => undefined);
    const second = await members.join(destination, 'g');
    await members.settled({ spread: true });
    assert.equal(first.owned.size + second.owned.size, 4);
    members.checkOwnership();
    await working.stop();
  }),

  scenario('a leaving member hands its partitions over', [needs.ordered], async (kit) => {
    const destination = kit.name();
    const members = new Members(kit, 4);
    const [first, second] = [await members.join(destination, 'g'), await members.join(destination, 'g')];
    await members.settled({ spread: true });
    await kit.within(first.close(), 'close of a member');
    await members.settled();
    assert.equal(second.owned.size, 4);
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(spread(20, 4)));
    assert.equal((await drain(kit, second.binding, 20)).length, 20);
    members.checkOwnership();
  }),

  scenario('the revoked listener is waited for, so that it can acknowledge', [needs.ordered], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
    await accepted(kit, sender.send(spread(20, 4)));
    const members = new Members(kit, 4);
    let held: readonly Delivery[] = [];
    const first = await members.join(destination, 'g', {
      revoked: async (gone) => first.binding.ack(held.filter((each) => gone.includes(each.partition))),
    });
    held = await collect(kit, first.binding, 20);
    const second = await members.join(destination, 'g');
    await members.settled({ spread: true });
    await quiet(kit, second.binding, 'a member whose partitions were acknowledged before it got them');
  }),

  scenario('what was not acknowledged before a revocation comes to the next owner', [needs.ordered], async (kit) => {
    const { first, second, held } = await takeover(kit);
    const moved = held.filter((each) => second.owned.has(each.partition));
    const got = await drain(kit, second.binding, moved.length);
    inAnyOrder(texts(got), texts(moved));
    await kit.within(first.close(), 'close');
  }),

  scenario('an acknowledgement after the revocation is ignored', [needs.ordered], async (kit) => {
    const { destination, first, second, held } = await takeover(kit);
    const moved = held.filter((each) => second.owned.has(each.partition));
    await kit.within(first.binding.ack(moved), 'ack of deliveries that are no longer ours');
    await collect(kit, second.binding, moved.length);
    await kit.within(second.close(), 'close');
    await kit.within(first.close(), 'close');
    const third = await kit.binder.bindConsumer(destination, 'g');
    inAnyOrder(texts(await drain(kit, third, held.length)), texts(held));
  }),
);

/** A member that holds unacknowledged messages of four partitions, some of which then move to a second member. */
async function takeover(kit: Kit) {
  const destination = kit.name();
  const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
  await accepted(kit, sender.send(spread(20, 4)));
  const members = new Members(kit, 4);
  const first = await members.join(destination, 'g');
  const held = await collect(kit, first.binding, 20);
  const second = await members.join(destination, 'g');
  await members.settled({ spread: true });
  members.checkOwnership();
  return { destination, first, second, held };
}

/** A group at work while its members change; books what arrives and in which order. */
class Team {
  readonly #kit: Kit;
  readonly #destination: string;
  readonly #partitions: number;
  readonly #members: Members;
  readonly #ledger = new DeliveryLedger();
  readonly #working: { readonly member: Member; readonly consumption: Consumption }[] = [];
  readonly #furthest = new Map<number, number>();
  readonly #seen = new Set<string>();
  readonly #disorder: string[] = [];

  private constructor(kit: Kit, destination: string, partitions: number) {
    this.#kit = kit;
    this.#destination = destination;
    this.#partitions = partitions;
    this.#members = new Members(kit, partitions);
  }

  static async start(kit: Kit, partitions: number): Promise<Team> {
    const destination = kit.name('team');
    await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions });
    return new Team(kit, destination, partitions);
  }

  async join(): Promise<void> {
    const member = await this.#members.join(this.#destination, 'g');
    this.#working.push({ member, consumption: new Consumption(this.#kit, member.binding, (each) => this.#book(each)) });
  }

  async leave(): Promise<void> {
    const first = this.#working.shift();
    await this.#kit.within(first!.member.close(), 'close of a member');
    await first!.consumption.stop();
  }

  async publish(count: number): Promise<void> {
    const sender = await this.#kit.binder.bindProducer(this.#destination);
    const all = spread(count, this.#partitions);
    for (let from = 0; from < count; from += 50) await sendBooked(this.#kit, sender, this.#ledger, all.slice(from, from + 50));
  }

  async progress(count: number): Promise<void> {
    const { recoverMs } = this.#kit.timeouts;
    await this.#kit.eventually(`${count} messages being received`, () => this.#ledger.receivedCount >= count, recoverMs);
  }

  /** Waits for the rest and checks that nothing was lost, doubly owned or received out of order. */
  async finish(): Promise<void> {
    const { recoverMs } = this.#kit.timeouts;
    await this.#kit
      .eventually('everything being received', () => this.#ledger.missing().length === 0, recoverMs)
      .catch((error: unknown) => {
        this.#ledger.check();
        throw error;
      });
    this.#members.checkOwnership();
    await Promise.all(this.#working.map((each) => each.consumption.stop()));
    this.#ledger.check();
    if (this.#kit.can.ordered) assert.deepEqual(this.#disorder, [], 'new messages of a partition arrive in order');
  }

  #book(delivery: Delivery): void {
    const text = textOf(delivery.payload) ?? '';
    this.#ledger.received(text);
    // A message that comes again says nothing about order.
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    const furthest = this.#furthest.get(delivery.partition) ?? -1;
    if (delivery.offset < furthest) this.#disorder.push(`${text} at ${delivery.offset} after offset ${furthest}`);
    this.#furthest.set(delivery.partition, Math.max(furthest, delivery.offset));
  }
}
