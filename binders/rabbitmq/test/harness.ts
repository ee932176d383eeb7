import type { Broker, BrokerRun, ConformanceHarness } from '@millrace/binder-conformance';
import type { Binder } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { rabbitBinder } from '../src/index.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RabbitBinderOptions } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';

/**
 * Before RabbitMQ 4.2 a node writes what is declared to disk with a delay: a queue that was made in the last two seconds is gone when
 * the node is killed, with all that was confirmed in it.
 */
const mnesiaMs = 3000;

/** How a server of the sandbox is reached. */
export function optionsOf({ settings }: RunningServer): RabbitBinderOptions {
  return { addresses: settings.addresses, username: settings.username, password: settings.password };
}

/** A binder on a RabbitMQ of the sandbox, for the conformance kit. Server names are those of the sandbox: `rabbitmq`, `rabbitmq:4.3`. */
export function rabbitHarness(server: string, options: RabbitBinderOptions): ConformanceHarness {
  const { destinations = 'queues', queueType = 'quorum' } = options;
  return {
    name: `${server} (one node, ${destinations}, ${queueType})`,
    createBroker: async (run) => createBroker(server, options, run),
    limits: { largestBytes: 1 << 20 },
    timeouts: { settleMs: 15_000, quietMs: 300, stepMs: 400, recoverMs: 60_000 },
  };
}

async function createBroker(name: string, options: RabbitBinderOptions, { prefix }: BrokerRun): Promise<Broker> {
  const server = await sandbox.start(name);
  const sockets = new ClientSockets();
  const [node] = server.nodes;
  const connect = (): Binder => rabbitBinder({ ...optionsOf(server), ...options });
  return {
    connect: async () => connect(),
    connectNowhere: async () => rabbitBinder({ addresses: '127.0.0.1:1', ...options }),
    async restart() {
      await deleteOld(connect(), prefix);
      await sleep(mnesiaMs);
      await node!.kill();
      await node!.start();
    },
    cutConnections: async () => sockets.cut(),
    async stop() {
      sockets.stop();
      await server.stop();
    },
  };
}

/** A server that was killed recovers all its queues before it answers: hundreds of earlier scenarios' would take a minute. */
async function deleteOld(binder: Binder, prefix: string): Promise<void> {
  await binder.open();
  const numberOf = (name: string): number => Number(new RegExp(`${prefix}-(\\d+)-`).exec(name)?.[1] ?? Infinity);
  const names = (await binder.provisioner.list()).map(({ name }) => name);
  const newest = Math.max(...names.map(numberOf).filter((each) => each !== Infinity));
  // No scenario that restarts the server has more than a few.
  const old = names.filter((name) => numberOf(name) < newest - 10);
  await Promise.all(old.map((name) => binder.provisioner.delete(name)));
  await binder.close();
}
