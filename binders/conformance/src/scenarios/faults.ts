import assert from 'node:assert/strict';
import { headerNames } from '@millrace/messaging/binder';
import type { Binder, ProducerBinding } from '@millrace/messaging/binder';
import { book, drainBooked, sendBooked } from '../booking.ts';
import { Consumption } from '../consumption.ts';
import type { Kit } from '../kit.ts';
import { DeliveryLedger } from '../ledger.ts';
import { command, names, spread, textOf } from '../messages.ts';
import * as needs from '../needs.ts';
import type { Need } from '../scenario.ts';
import { group, loneScenario } from '../scenario.ts';
import { contents, put, Replica, Watching } from '../watching.ts';

/** A fault that the harness can cause, from which everything must recover by itself. */
interface Fault {
  readonly name: string;
  readonly needs: readonly Need[];
  strike(kit: Kit): Promise<void>;
}

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
  const { name } = fault;
  const onQueue = [...fault.needs, needs.queue()];
  const onRegion = [...fault.needs, needs.region()];
  return group(
    `under ${name}`,
    loneScenario(`publishing through two of them loses nothing, and every send settles`, fault.needs, (kit) =>
      publishing(kit, fault),
    ),
    loneScenario(`consuming through two of them loses nothing`, fault.needs, (kit) => consuming(kit, fault)),
    loneScenario(`sends under way settle`, fault.needs, (kit) => sendsUnderWay(kit, fault)),
    loneScenario(`a subscription goes on by itself`, fault.needs, (kit) => subscription(kit, fault)),
    loneScenario(`the listener is told`, [...fault.needs, connected], (kit) => listener(kit, fault)),
    loneScenario(`working a queue through two of them loses nothing`, onQueue, (kit) => working(kit, fault)),
    loneScenario(`requests are answered again`, [...onQueue, needs.queueCan('requestReply')], (kit) => requests(kit, fault)),
    loneScenario(`a watch ends with what the region holds`, onRegion, (kit) => watching(kit, fault)),
    loneScenario(`copying by transactions loses and doubles nothing`, [...fault.needs, needs.transactions], (kit) =>
      copying(kit, fault),
    ),
  );
}

async function publishing(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
  const ledger = new DeliveryLedger();
  const total = kit.limits.messages;
  const publishers = Array.from({ length: 20 }, (_, index) => {
    const own = spread(total, 4).filter((_message, at) => at % 20 === index);
    return kit.meanwhile(publishUntilAccepted(kit, producer, ledger, own));
  });
  await strikeTwice(kit, fault, () => ledger.summary().acks, total);
  await Promise.all(publishers);
  assert.equal(ledger.summary().acks, total);
  await drainBooked(kit, await (await kit.client()).bindConsumer(destination, 'g'), ledger, kit.timeouts.recoverMs);
  ledger.check();
}

/** Sends one message after the other, each until it is accepted. Every attempt must settle. */
async function publishUntilAccepted(
  kit: Kit,
  producer: ProducerBinding,
  ledger: DeliveryLedger,
  messages: ReturnType<typeof spread>,
): Promise<void> {
  for (const message of messages) {
    const id = textOf(message.payload) ?? '';
    let isAccepted = false;
    await kit.eventually(
      `${id} being accepted`,
      async () => {
        ledger.attempted(id);
        const [outcome] = await producer.send([message]).catch((error: unknown) => [{ error: error as Error }]);
        isAccepted = book(kit, ledger, id, outcome as Parameters<typeof book>[3]);
        return isAccepted;
      },
      kit.timeouts.recoverMs,
    );
  }
}

/** Causes the fault when a third and when half of the work is done. */
async function strikeTwice(kit: Kit, fault: Fault, done: () => number, total: number): Promise<void> {
  for (const part of [1 / 3, 1 / 2]) {
    await kit.eventually(`${Math.round(part * 100)} % being done`, () => done() >= total * part, kit.timeouts.recoverMs);
    await fault.strike(kit);
  }
}

async function consuming(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
  const ledger = new DeliveryLedger();
  await sendBooked(kit, producer, ledger, spread(kit.limits.messages, 4));
  const consumer = await kit.binder.bindConsumer(destination, 'g', { maxInFlight: 50 });
  const consumption = new Consumption(kit, consumer, (each) => ledger.received(textOf(each.payload) ?? ''), { retry: true });
  await strikeTwice(kit, fault, () => ledger.receivedCount, kit.limits.messages);
  await complete(kit, ledger);
  await consumption.stop();
  ledger.check();
}

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
  const sends = names(500).map((id) => {
    ledger.attempted(id);
    return producer.send([command(id)]).then(
      ([outcome]) => book(kit, ledger, id, outcome),
      (error: unknown) => book(kit, ledger, id, { error: error as never }),
    );
  });
  await fault.strike(kit);
  await kit.within(Promise.all(sends), 'the sends under way', kit.timeouts.recoverMs);
  await drainBooked(kit, await (await kit.client()).bindConsumer(destination, 'g'), ledger, kit.timeouts.recoverMs);
  ledger.check();
}

async function subscription(kit: Kit, fault: Fault): Promise<void> {
  const destination = kit.name();
  const got = new Set<string>();
  const [named, anonymous] = [
    await kit.binder.bindConsumer(destination, 'g'),
    await kit.binder.bindConsumer(destination, undefined),
  ];
  const consumptions = [named, anonymous].map(
    (each, index) => new Consumption(kit, each, (delivery) => got.add(`${index}:${textOf(delivery.payload)}`), { retry: true }),
  );
  const producer = await kit.binder.bindProducer(destination);
  await fault.strike(kit);
  let round = 0;
  await kit.eventually(
    'both subscriptions getting what is sent after the fault',
    async () => {
      const text = `m${round++}`;
      await producer.send([command(text)]).catch(() => undefined);
      await kit.pass(kit.timeouts.quietMs);
      return [...got].some((each) => each.startsWith('0:')) && [...got].some((each) => each.startsWith('1:'));
    },
    kit.timeouts.recoverMs,
  );
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
  const total = Math.min(kit.limits.messages, 1000);
  const queue = { send: (sent: readonly { payload: Uint8Array | null }[]) => kit.queue.send(name, sent.map(asCommand)) };
  await sendBooked(kit, queue, ledger, spread(total, 1));
  const consumers = await Promise.all([1, 2, 3].map(() => kit.queue.consume(name, { maxInFlight: 10 })));
  const consumptions = consumers.map(
    (each) => new Consumption(kit, each, (delivery) => ledger.received(delivery.id), { retry: true }),
  );
  await strikeTwice(kit, fault, () => ledger.receivedCount, total);
  await complete(kit, ledger);
  await Promise.all(consumptions.map((each) => each.stop()));
  ledger.check();
}

function asCommand(message: { readonly payload: Uint8Array | null }) {
  return command(textOf(message.payload) ?? '');
}

async function requests(kit: Kit, fault: Fault): Promise<void> {
  const name = kit.name('q');
  const server = await kit.queue.consume(name);
  const answering = new Consumption(
    kit,
    server,
    (request) => {
      const to = request.headers[headerNames.replyTo] as string;
      void kit.meanwhile(kit.queue.reply([{ to, message: { payload: request.payload, headers: {} } }]));
    },
    { retry: true },
  );
  const source = await kit.queue.openReplies();
  await fault.strike(kit);
  let round = 0;
  await kit.eventually(
    'a request being answered after the fault',
    async () => {
      const request = command(`r${round++}`, { headers: { [headerNames.replyTo]: source.address } });
      await kit.queue.send(name, [request]).catch(() => undefined);
      const receiving = source.receive(10, kit.timeouts.stepMs);
      await kit.pass(kit.timeouts.stepMs);
      return (await receiving).length > 0;
    },
    kit.timeouts.recoverMs,
  );
  await answering.stop();
}

async function watching(kit: Kit, fault: Fault): Promise<void> {
  const region = await kit.region.open(kit.name('r'));
  const watch = await Watching.open(kit, region, { snapshot: 'values' });
  const replica = new Replica();
  const following = kit.meanwhile(
    (async () => {
      while (replica.entries.get('end') !== 'end') replica.take(await watch.next(kit.timeouts.recoverMs));
    })(),
  );
  let written = 0;
  const write = async (key: string, value: string) => {
    const applying = async () => (await region.apply([put(key, value)]).catch(() => [undefined]))[0]?.applied === true;
    await kit.eventually(`${key} being written`, applying, kit.timeouts.recoverMs);
    written++;
  };
  const writing = kit.meanwhile(
    (async () => {
      for (let round = 0; round < 300; round++) await write(`k${round % 20}`, `v${round}`);
      await write('end', 'end');
    })(),
  );
  await strikeTwice(kit, fault, () => written, 300);
  await writing;
  await kit.within(following, 'the watch seeing the end', kit.timeouts.recoverMs);
  assert.deepEqual(replica.entries, await contents(kit, region));
}

async function copying(kit: Kit, fault: Fault): Promise<void> {
  const [input, output] = [kit.name('in'), kit.name('out')];
  const producer = await kit.binder.bindProducer(input, { requiredGroups: ['g'], partitions: 2 });
  const results = await kit.binder.bindConsumer(output, 'all', { maxInFlight: 50 });
  const ledger = new DeliveryLedger();
  const total = Math.min(kit.limits.messages, 500);
  await sendBooked(kit, producer, ledger, spread(total, 2));
  const seen = new Set<string>();
  const counting = new Consumption(
    kit,
    results,
    (each) => {
      // The output's own redeliveries are not doubled results: those would lie at other offsets.
      const place = `${each.partition}/${each.offset}`;
      if (!seen.has(place)) ledger.received(textOf(each.payload) ?? '');
      seen.add(place);
    },
    { retry: true },
  );
  const member = await kit.binder.bindConsumer(input, 'g');
  const copies = kit.meanwhile(copyAll(kit.binder, member, output));
  await strikeTwice(kit, fault, () => ledger.receivedCount, total);
  await complete(kit, ledger);
  await kit.within(member.close(), 'close');
  await copies;
  await counting.stop();
  ledger.check({ duplicates: 'none' });
}

/** Copies batch by batch. A batch whose commit failed comes again if it was not committed. */
async function copyAll(client: Binder, member: Awaited<ReturnType<Binder['bindConsumer']>>, destination: string): Promise<void> {
  for (;;) {
    const deliveries = await member.receive(10);
    if (deliveries.length === 0) return;
    const messages = deliveries.map(({ payload, headers }) => ({ payload, headers }));
    const transaction = { consumed: [{ binding: member, deliveries }], produced: [{ destination, messages }] };
    await client.transactions!.commit(transaction).catch(() => member.release(deliveries).catch(() => undefined));
  }
}
