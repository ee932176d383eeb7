import { binderConformance } from '@millrace/binder-conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kafkaBinder } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';
import { canRunKafka, startKafka } from './kafka-server.ts';

const conformance = (): Promise<void> =>
  binderConformance({
    test: { describe, it, beforeAll, afterAll },
    harness: {
      name: 'kafka (one node)',
      async createBroker() {
        const server = await startKafka();
        const sockets = new ClientSockets();
        // Quick to notice changes of a group, so that the scenarios are.
        const options = { brokers: server.brokers, heartbeatMs: 100, sessionTimeoutMs: 6000, revokeMs: 3000 };
        return {
          connect: async () => kafkaBinder(options),
          connectNowhere: async () => kafkaBinder({ brokers: '127.0.0.1:1' }),
          restart: () => server.restart(),
          cutConnections: async () => sockets.cut(),
          async stop() {
            sockets.stop();
            await server.stop();
          },
        };
      },
      timeouts: { quietMs: 700, stepMs: 300 },
    },
  });

if (canRunKafka()) await conformance();
else describe.skip('kafka (one node): needs Java and Maven', () => it('runs the conformance kit', () => undefined));
