import { binderConformance } from '@millrace/binder-conformance';
import type { Broker, BrokerRun } from '@millrace/binder-conformance';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import { ClientSockets } from '../client-sockets.ts';

/** The cluster that the kit runs on, as the sandbox names it. */
export interface ClusterRequest {
  readonly server: string;
  readonly nodes: number;
}

/** Registers the conformance kit's tests on a cluster that is started for them; leaves them out where none can be had. */
export async function conformanceOn(title: string, request: ClusterRequest): Promise<void> {
  const missing = await sandbox.missing(request.server);
  if (missing !== undefined) {
    describe.skip(`${title}: ${missing}`, () => it('runs the conformance kit', () => undefined));
    return;
  }
  await binderConformance({
    test: { describe, it, beforeAll, afterAll },
    harness: {
      name: title,
      createBroker: async (run) => createBroker(run, request),
      timeouts: { quietMs: 700, stepMs: 300, recoverMs: 60_000 },
    },
  });
}

async function createBroker({ prefix }: BrokerRun, { server: name, nodes }: ClusterRequest): Promise<Broker> {
  const server = await sandbox.start(name, { nodes });
  const sockets = new ClientSockets();
  // Quick to notice changes of a group, so that the scenarios are.
  const options = { brokers: server.settings.addresses, heartbeatMs: 100, sessionTimeoutMs: 6000, revokeMs: 3000 };
  let restarts = 0;
  return {
    connect: async () => kafkaBinder(options),
    connectNowhere: async () => kafkaBinder({ brokers: '127.0.0.1:1' }),
    async restart() {
      await deleteOldTopics(server, prefix);
      // Of several nodes each in turn: its partitions, groups and transactions are led by others meanwhile.
      const node = server.nodes[restarts++ % nodes]!;
      await node.kill();
      await node.start();
    },
    cutConnections: async () => sockets.cut(),
    async stop() {
      sockets.stop();
      await server.stop();
    },
  };
}

/** A broker that was killed looks through all its topics before it answers: hundreds of earlier scenarios' would take half a minute. */
async function deleteOldTopics(server: RunningServer, prefix: string): Promise<void> {
  const binder = kafkaBinder({ brokers: server.settings.addresses });
  await binder.open();
  const numberOf = (name: string): number => Number(new RegExp(`${prefix}-(\\d+)-`).exec(name)?.[1] ?? Infinity);
  const names = (await binder.provisioner.list()).map(({ name }) => name);
  const newest = Math.max(...names.map(numberOf).filter((each) => each !== Infinity));
  // No scenario that restarts the broker has more than a few.
  const old = names.filter((name) => numberOf(name) < newest - 10);
  await Promise.all(old.map((name) => binder.provisioner.delete(name)));
  await binder.close();
}
