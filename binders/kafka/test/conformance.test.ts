import { binderConformance } from '@millrace/binder-conformance';
import type { Broker, BrokerRun } from '@millrace/binder-conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kafkaBinder } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';
import { canRunKafka, startKafka } from './kafka-server.ts';

async function createBroker({ prefix }: BrokerRun): Promise<Broker> {
  const server = await startKafka();
  const sockets = new ClientSockets();
  // Quick to notice changes of a group, so that the scenarios are.
  const options = { brokers: server.brokers, heartbeatMs: 100, sessionTimeoutMs: 6000, revokeMs: 3000 };
  return {
    connect: async () => kafkaBinder(options),
    connectNowhere: async () => kafkaBinder({ brokers: '127.0.0.1:1' }),
    async restart() {
      await deleteOldTopics(server.brokers, prefix);
      await server.restart();
    },
    cutConnections: async () => sockets.cut(),
    async stop() {
      sockets.stop();
      await server.stop();
    },
  };
}

/** A broker that was killed looks through all its topics before it answers: hundreds of earlier scenarios' would take half a minute. */
async function deleteOldTopics(brokers: string, prefix: string): Promise<void> {
  const binder = kafkaBinder({ brokers });
  await binder.open();
  const numberOf = (name: string): number => Number(new RegExp(`${prefix}-(\\d+)-`).exec(name)?.[1] ?? Infinity);
  const names = (await binder.provisioner.list()).map(({ name }) => name);
  const newest = Math.max(...names.map(numberOf).filter((each) => each !== Infinity));
  // No scenario that restarts the broker has more than a few.
  const old = names.filter((name) => numberOf(name) < newest - 10);
  await Promise.all(old.map((name) => binder.provisioner.delete(name)));
  await binder.close();
}

const conformance = (): Promise<void> =>
  binderConformance({
    test: { describe, it, beforeAll, afterAll },
    harness: {
      name: 'kafka (one node)',
      createBroker,
      timeouts: { quietMs: 700, stepMs: 300, recoverMs: 60_000 },
    },
  });

if (canRunKafka()) await conformance();
else describe.skip('kafka (one node): needs Java and Maven', () => it('runs the conformance kit', () => undefined));
