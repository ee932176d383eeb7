import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedBinder } from '@millrace/binder-embedded';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { binderConformance } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';
import { Holders } from './holders.ts';

await binderConformance({
  test: { describe, it, beforeAll, afterAll },
  harness: {
    name: 'embedded (data directory)',
    async createBroker() {
      const dataDir = await mkdtemp(join(tmpdir(), 'millrace-kit-'));
      const sockets = new ClientSockets();
      const holders = new Holders(dataDir);
      await holders.start();
      return {
        connect: async () => embeddedBinder({ dataDir }),
        restart: () => holders.crash(),
        cutConnections: async () => sockets.cut(),
        async stop() {
          sockets.stop();
          await holders.stop();
          await rm(dataDir, { recursive: true });
        },
      };
    },
    timeouts: { quietMs: 50, stepMs: 150 },
  },
});
