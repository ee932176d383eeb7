import assert from 'node:assert/strict';
import { headerNames } from '@millrace/messaging/binder';
import type { Binder, ConsumerBinding } from '@millrace/messaging/binder';
import { drainBooked, sendBooked } from '../booking.ts';
import { Consumption } from '../consumption.ts';
import { sleep } from '../kit.ts';
import type { Kit } from '../kit.ts';
import { DeliveryLedger } from '../ledger.ts';
import { command, message, numbered, textOf } from '../messages.ts';
import * as needs from '../needs.ts';
import type { Need } from '../scenario.ts';
import { group, loneScenario } from '../scenario.ts';
import { publish, retried, Storm } from '../storm.ts';
import type { Fault } from '../storm.ts';
import { contents, lastKey, put, Replica, Watching } from '../watching.ts';

const restart: Fault = {
  name: 'restart',
  needs: [needs.restart, needs.durable],
  strike: (kit) => kit.within(kit.broker.restart!(), "the harness's restart", kit.timeouts.recoverMs),
};

const cut: Fault = {
  name: 'cut',
  needs: [needs.cut],
  strike: (kit) => kit.within(kit.broker.cutConnections!(), "the harness's cutConnections", kit.timeouts.recoverMs),
};

/** Where the data lies in this process there is no connection that could break. */
const connected: Need = { name: 'shared', holds: (can) => can.shared };

export const restartScenarios = underFault(restart);
export const cutScenarios = underFault(cut);

function underFault(fault: Fault) {
  const { needs: needed } = fault;
  const onQueue = [...needed, needs.queue()];
  const onRegion = [...needed, needs.region()];
  return group(
    `under ${fault.name}`,
    loneScenario('publishing goes on and loses nothing, and every send settles', needed, (kit) => publishing(kit, fault)),
    loneScenario('consuming goes on and loses nothing', needed, (kit) => consuming(kit, fault)),
    loneScenario('sends under way settle, and say what became of them', needed, (kit) => sendsUnderWay(kit, fault)),
    loneScenario('subscriptions go on by themselves', needed, (kit) => subscriptions(kit, fault)),
    loneScenario('the listener is told', [...needed, connected], (kit) => listener(kit, fault)),
    loneScenario('working a queue goes on and loses nothing', onQueue, (kit) => working(kit, fault)),
    loneScenario('requests are answered again', [...onQueue, needs.queueCan('requestReply')], (kit) => requests(kit, fault)),
    loneScenario('a watch goes on and ends with what the region holds', onRegion, (kit) => watching(kit, fault)),
    loneScenario('copying by transactions loses and doubles nothing', [...needed, needs.transactions], (kit) =>
      copying(kit, fault),
    ),
  );
}

async function publishing(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
  const ledger = new DeliveryLedger();
  const storm = new Storm(kit, fault);
  const publishers = Array.from({ length: 20 }, (_, index) =>
    kit.meanwhile(publish(kit, producer, ledger, `p${index}`, 4, () => !storm.isOver)),
  );
  await storm.rage(() => ledger.summary().acks, 200);
  await Promise.all(publishers);
  await drainBooked(kit, await (await kit.client()).bindConsumer(destination, 'g'), ledger, kit.timeouts.recoverMs);
  ledger.check();
}

async function consuming(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
  const consumer = await kit.binder.bindConsumer(destination, 'g', { maxInFlight: 50 });
  const ledger = new DeliveryLedger();
  const storm = new Storm(kit, fault);
  const consumption = new Consumption(kit, consumer, (each) => ledger.received(textOf(each.payload) ?? ''), { retry: true });
  const publishers = Array.from({ length: 5 }, (_, index) =>
    kit.meanwhile(publish(kit, producer, ledger, `p${index}`, 4, () => !storm.isOver)),
  );
  await storm.rage(() => ledger.receivedCount, 100);
  await Promise.all(publishers);
  await complete(kit, ledger);
  await consumption.stop();
  ledger.check();
}

/** Waits until all that was acknowledged has been received. */
async function complete(kit: Kit, ledger: DeliveryLedger): Promise<void> {
  const waiting = kit.eventually('everything being received', () => ledger.missing().length === 0, kit.timeouts.recoverMs);
  await waiting.catch((error: unknown) => {
    ledger.check();
    throw error;
  });
}

async function sendsUnderWay(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
  const ledger = new DeliveryLedger();
  const over = new AbortController();
  const sends: Promise<void>[] = [];
  const striking = kit.meanwhile(fault.strike(kit).finally(() => over.abort()));
  for (let round = 0; !over.signal.aborted || round < 2; round++) {
    sends.push(kit.meanwhile(sendBooked(kit, producer, ledger, numbered(50, `${round}-`), kit.timeouts.recoverMs)));
    await sleep(5);
  }
  await striking;
  await Promise.all(sends);
  await drainBooked(kit, await (await kit.client()).bindConsumer(destination, 'g'), ledger, kit.timeouts.recoverMs);
  ledger.check();
}

async function subscriptions(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const counts = [0, 0];
  const consumers = [await kit.binder.bindConsumer(destination, 'g'), await kit.binder.bindConsumer(destination, undefined)];
  const consumptions = consumers.map((each, index) => new Consumption(kit, each, () => counts[index]!++, { retry: true }));
  const producer = await kit.binder.bindProducer(destination);
  const storm = new Storm(kit, fault);
  const publisher = kit.meanwhile(publish(kit, producer, new DeliveryLedger(), 'p', 1, () => !storm.isOver));
  await storm.rage(() => Math.min(...counts), 10);
  await publisher;
  await Promise.all(consumptions.map((each) => each.stop()));
}

async function listener(kit: Kit, fault: Fault): Promise<void> {
  const told: string[] = [];
  const client = await kit.client({ disconnected: () => told.push('disconnected'), reconnected: () => told.push('reconnected') });
  await client.bindConsumer(kit.name(), 'g');
  await fault.strike(kit);
  await kit.eventually('the listener hearing of it', () => told.includes('reconnected'), kit.timeouts.recoverMs);
  assert.equal(told[0], 'disconnected');
}

async function working(kit: Kit, fault: Fault): Promise<void> {
  const name = kit.name('q');
  const ledger = new DeliveryLedger();
  const storm = new Storm(kit, fault);
  const consumers = await Promise.all([1, 2, 3].map(() => kit.queue.consume(name, { maxInFlight: 10 })));
  const consumptions = consumers.map((each) => new Consumption(kit, each, ({ id }) => ledger.received(id), { retry: true }));
  const sender = {
    send: (sent: readonly { readonly payload: Uint8Array | null }[]) =>
      kit.queue.send(
        name,
        sent.map((each) => command(textOf(each.payload) ?? '')),
      ),
  };
  const publishers = [1, 2, 3].map((each) => kit.meanwhile(publish(kit, sender, ledger, `p${each}`, 1, () => !storm.isOver)));
  await storm.rage(() => ledger.receivedCount, 100);
  await Promise.all(publishers);
  await complete(kit, ledger);
  await Promise.all(consumptions.map((each) => each.stop()));
  ledger.check();
}

async function requests(kit: Kit, fault: Fault): Promise<void> {
  const name = kit.name('q');
  const server = await kit.queue.consume(name);
  const answer = (to: string, payload: Uint8Array | null) => kit.queue.reply([{ to, message: { payload, headers: {} } }]);
  const answering = new Consumption(
    kit,
    server,
    ({ headers, payload }) => void kit.meanwhile(answer(headers[headerNames.replyTo] as string, payload)),
    { retry: true },
  );
  const source = await kit.queue.openReplies();
  const storm = new Storm(kit, fault);
  let answered = 0;
  const asking = kit.meanwhile(
    (async () => {
      for (let round = 0; !storm.isOver; round++) {
        const request = command(`r${round}`, { headers: { [headerNames.replyTo]: source.address } });
        await kit.queue.send(name, [request]).catch(() => undefined);
        // A reply may be lost in the fault; the next request gets its own.
        const receiving = kit.meanwhile(source.receive(10, kit.timeouts.stepMs));
        await Promise.race([receiving, kit.pass(kit.timeouts.stepMs)]);
        answered += (await receiving).length;
      }
    })(),
  );
  await storm.rage(() => answered, 5);
  await asking;
  await answering.stop();
}

async function watching(kit: Kit, fault: Fault): Promise<void> {
  const region = await kit.region.open(kit.name('r'));
  const watch = await Watching.open(kit, region, { snapshot: 'values' });
  const replica = new Replica();
  const storm = new Storm(kit, fault);
  let seen = 0;
  const following = kit.meanwhile(
    (async () => {
      for (; !replica.entries.has(lastKey); seen++) replica.take(await watch.next(kit.timeouts.recoverMs));
    })(),
  );
  const write = (key: string, value: string) =>
    retried(kit, `'${key}' being written`, async () => (await region.apply([put(key, value)]))[0]!.applied);
  const writing = kit.meanwhile(
    (async () => {
      for (let round = 0; !storm.isOver; round++) await write(`k${round % 20}`, `v${round}`).then(() => sleep(1));
      await write(lastKey, 'end');
    })(),
  );
  await storm.rage(() => seen, 50);
  await writing;
  await kit.within(following, 'the watch seeing the end', kit.timeouts.recoverMs);
  assert.deepEqual(replica.entries, await contents(kit, region));
}

async function copying(kit: Kit, fault: Fault): Promise<void> {
  const [input, output] = [kit.name('in'), kit.name('out')];
  const producer = await kit.binder.bindProducer(input, { requiredGroups: ['g'], partitions: 2 });
  const results = await kit.binder.bindConsumer(output, 'all', { maxInFlight: 50 });
  // One ledger from end to end, one of the copies, by where the original lies: that one knows of no doubled input.
  const [sent, copied] = [new DeliveryLedger(), new DeliveryLedger()];
  const storm = new Storm(kit, fault);
  const places = new Set<string>();
  const counting = new Consumption(
    kit,
    results,
    (each) => {
      const [origin, text] = textOf(each.payload)!.split(' ');
      sent.received(text!);
      // The output's own redeliveries are no doubled copies: those lie at other offsets.
      const place = `${each.partition}/${each.offset}`;
      if (!places.has(place)) copied.received(origin!);
      places.add(place);
    },
    { retry: true },
  );
  const member = await kit.binder.bindConsumer(input, 'g');
  const copies = kit.meanwhile(copyAll(kit.binder, member, output, copied));
  const publisher = kit.meanwhile(publish(kit, producer, sent, 'p', 2, () => !storm.isOver));
  await storm.rage(() => sent.receivedCount, 50);
  await publisher;
  await complete(kit, sent);
  await kit.within(member.close(), 'close');
  await copies;
  await counting.stop();
  sent.check();
  copied.check({ duplicates: 'none' });
}

/** Copies batch by batch. A batch whose commit failed comes again unless it was committed after all. */
async function copyAll(client: Binder, member: ConsumerBinding, destination: string, ledger: DeliveryLedger): Promise<void> {
  for (;;) {
    const deliveries = await member.receive(10);
    if (deliveries.length === 0) return;
    const messages = deliveries.map((each) => message(`${each.partition}/${each.offset} ${textOf(each.payload)}`));
    for (const each of deliveries) ledger.attempted(`${each.partition}/${each.offset}`);
    const transaction = { consumed: [{ binding: member, deliveries }], produced: [{ destination, messages }] };
    await client.transactions!.commit(transaction).then(
      () => deliveries.forEach((each) => ledger.acknowledged(`${each.partition}/${each.offset}`)),
      () => member.release(deliveries).catch(() => undefined),
    );
  }
}
