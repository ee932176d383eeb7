import amqplib from 'amqplib';
import type { Channel, ConfirmChannel } from 'amqplib';
import { rabbitBinder } from '@millrace/binder-rabbitmq';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const count = 40_000;
const batch = 500;
/** Batches on their way at once, and with the bare client as many single messages. */
const inFlight = 8;
const rounds = 3;

/** Seconds of wall clock and of this process's CPU. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

interface Costs {
  readonly publish: Cost;
  readonly consume: Cost;
}

async function cost(work: () => Promise<void>): Promise<Cost> {
  const before = process.cpuUsage();
  const begin = performance.now();
  await work();
  const wall = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1e6 };
}

/** 200 bytes that begin with the message's number. */
function payload(n: number): Buffer {
  return Buffer.from(String(n).padEnd(200));
}

class Seen {
  readonly #flags = new Uint8Array(count);
  #distinct = 0;

  /** Whether this was the last. */
  note(content: Uint8Array): boolean {
    const n = Number.parseInt(Buffer.from(content.buffer, content.byteOffset, 8).toString('latin1'), 10);
    if (this.#flags[n] === 0) this.#distinct++;
    this.#flags[n] = 1;
    return this.#distinct === count;
  }

  check(): void {
    verify(this.#distinct === count, 'every message came');
  }
}

async function runMillrace({ settings }: RunningServer, round: number): Promise<Costs> {
  const { addresses, username, password } = settings;
  const binder = rabbitBinder({ addresses, username, password });
  await binder.open();
  const name = `ours-${round}`;
  const idle = await binder.bindConsumer(name, 'g');
  await idle.close();
  const producer = await binder.bindProducer(name);
  let next = 0;
  const take = (): number => (next += batch) - batch;
  const sender = async (): Promise<void> => {
    for (let first = take(); first < count; first = take()) {
      const messages = Array.from({ length: batch }, (_, i) => ({ payload: payload(first + i), headers: {} }));
      const outcomes = await producer.send(messages);
      verify(
        outcomes.every(({ error }) => error === undefined),
        'every message was confirmed',
      );
    }
  };
  const publish = await cost(async () => void (await Promise.all(Array.from({ length: inFlight }, sender))));
  const seen = new Seen();
  const consume = await cost(async () => {
    const consumer = await binder.bindConsumer(name, 'g');
    for (let isLast = false; !isLast;) {
      const deliveries = await consumer.receive(batch);
      for (const delivery of deliveries) isLast = seen.note(delivery.payload!) || isLast;
      await consumer.ack(deliveries);
    }
    await consumer.close();
  });
  seen.check();
  await binder.provisioner.delete(name);
  await binder.close();
  return { publish, consume };
}

async function runBare({ settings }: RunningServer, round: number): Promise<Costs> {
  const { addresses, username, password } = settings;
  const connection = await amqplib.connect(`amqp://${username}:${password}@${addresses[0]}`, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const name = `bare-${round}`;
  await channel.assertExchange(name, 'topic', { durable: true });
  await channel.assertQueue(`${name}.g`, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(`${name}.g`, name, '#');
  const publish = await cost(async () => publishBare(channel, name));
  const seen = new Seen();
  const consuming = await connection.createChannel();
  const consume = await cost(async () => consumeBare(consuming, `${name}.g`, seen));
  seen.check();
  await channel.deleteQueue(`${name}.g`);
  await channel.deleteExchange(name);
  await connection.close();
  return { publish, consume };
}

/** As many unconfirmed messages at once as the other side has. */
async function publishBare(channel: ConfirmChannel, exchange: string): Promise<void> {
  let next = 0;
  const send = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      channel.publish(exchange, exchange, payload(n), { persistent: true, mandatory: true }, (error) =>
        error === null || error === undefined ? resolve() : reject(error as Error),
      );
    });
  const sender = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await send(n);
  };
  await Promise.all(Array.from({ length: inFlight * batch }, sender));
}

async function consumeBare(channel: Channel, queue: string, seen: Seen): Promise<void> {
  const done = Promise.withResolvers<void>();
  await channel.prefetch(1000);
  let unacked = 0;
  await channel.consume(queue, (message) => {
    const isLast = seen.note(message!.content);
    if (++unacked === 100 || isLast) {
      channel.ack(message!, true);
      unacked = 0;
    }
    if (isLast) done.resolve();
  });
  await done.promise;
  await channel.close();
}

const rabbitCase: Case = {
  name: 'RabbitMQ: confirmed publish; consume and ack (quorum queue, 200 B)',
  target: '≥ 0.95 × and ≥ 1.0 × bare amqplib, ≤ 1.3 × its CPU',
  async run() {
    const missing = await sandbox.missing('rabbitmq');
    if (missing !== undefined) return { ours: 'not run', peer: missing, met: false };
    await using server = await sandbox.start('rabbitmq');
    const ours: Costs[] = [];
    const bare: Costs[] = [];
    for (let round = 0; round < rounds; round++) {
      bare.push(await runBare(server, round));
      ours.push(await runMillrace(server, round));
    }
    const best = (costs: readonly Costs[], phase: keyof Costs, what: keyof Cost): number =>
      Math.min(...costs.map((each) => each[phase][what]));
    const ratio = (phase: keyof Costs): number => best(bare, phase, 'wall') / best(ours, phase, 'wall');
    const cpu = (phase: keyof Costs): number => best(ours, phase, 'cpu') / best(bare, phase, 'cpu');
    const shown = (costs: readonly Costs[]): string =>
      `${rate(count, best(costs, 'publish', 'wall'))}; ${rate(count, best(costs, 'consume', 'wall'))}`;
    const [publish, consume] = [ratio('publish'), ratio('consume')];
    return {
      ours: `${shown(ours)} (CPU ${cpu('publish').toFixed(2)} ×; ${cpu('consume').toFixed(2)} ×)`,
      peer: `amqplib: ${shown(bare)}; consume ${consume.toFixed(2)} ×`,
      ratio: publish,
      met: publish >= 0.95 && consume >= 1 && cpu('publish') <= 1.3 && cpu('consume') <= 1.3,
    };
  },
};

export default rabbitCase;
