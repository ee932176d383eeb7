import { createInterface } from 'node:readline';
import { embeddedBinder } from '@millrace/binder-embedded';

/*
 * A process of its own that uses a data directory: produces numbered messages and consumes as a member of a group until it is told
 * to stop. Says on standard output, one JSON value per line, what was acknowledged and what was received.
 */
const [dataDir, name] = process.argv.slice(2) as [string, string];
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const binder = embeddedBinder({ dataDir });
await binder.open({ disconnected: () => say({ disconnected: true }), reconnected: () => say({ reconnected: true }) });
const producer = await binder.bindProducer('t', { partitions: 4 });
const consumer = await binder.bindConsumer('t', 'g');
const stop = new AbortController();

async function produce(partition: number): Promise<void> {
  for (let i = 0; !stop.signal.aborted; i++) {
    const id = `${name}.${partition}.${i}`;
    const [outcome] = await producer.send([{ payload: Buffer.from(id), headers: {}, partition }]);
    say(outcome!.error === undefined ? { sent: id } : { failed: id, code: outcome!.error.code });
  }
}

async function consume(): Promise<void> {
  while (!stop.signal.aborted) {
    const deliveries = await consumer.receive(50, 200);
    for (const { payload, redeliveries } of deliveries) say({ got: Buffer.from(payload!).toString(), redeliveries });
    await consumer.ack(deliveries);
  }
}

createInterface({ input: process.stdin }).once('line', () => stop.abort());
say({ ready: true });
await Promise.all([consume(), ...[0, 1, 2, 3].map(produce)]);
await binder.close();
say({ closed: true });
process.exit();
