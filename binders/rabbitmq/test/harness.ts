import type { Broker, ConformanceHarness } from '@millrace/binder-conformance';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { rabbitBinder } from '../src/index.ts';
import type { RabbitBinderOptions } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';

/** How a server of the sandbox is reached. */
export function optionsOf({ settings }: RunningServer): RabbitBinderOptions {
  return { addresses: settings.addresses, username: settings.username, password: settings.password };
}

/** A binder on a RabbitMQ of the sandbox, for the conformance kit. Server names are those of the sandbox: `rabbitmq`, `rabbitmq:4.3`. */
export function rabbitHarness(server: string, options: RabbitBinderOptions): ConformanceHarness {
  const { destinations = 'queues', queueType = 'quorum' } = options;
  return {
    name: `${server} (one node, ${destinations}, ${queueType})`,
    createBroker: () => createBroker(server, options),
    limits: { largestBytes: 1 << 20 },
    timeouts: { settleMs: 15_000, quietMs: 300, stepMs: 400, recoverMs: 60_000 },
  };
}

async function createBroker(name: string, options: RabbitBinderOptions): Promise<Broker> {
  const server = await sandbox.start(name);
  const sockets = new ClientSockets();
  const [node] = server.nodes;
  return {
    connect: async () => rabbitBinder({ ...optionsOf(server), ...options }),
    connectNowhere: async () => rabbitBinder({ addresses: '127.0.0.1:1', ...options }),
    async restart() {
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
