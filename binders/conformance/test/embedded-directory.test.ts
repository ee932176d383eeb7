import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { embeddedBinder } from '@millrace/binder-embedded';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { binderConformance } from '../src/index.ts';
import { ClientSockets } from './client-sockets.ts';
import { segmentBytes } from './segment-bytes.ts';
import { Holders } from './holders.ts';

/** Fills the present segment, since housekeeping works on full ones, and waits until it has begun. */
async function seal(dataDir: string): Promise<void> {
  const filler = embeddedBinder({ dataDir, segmentBytes });
  await filler.open();
  const sender = await filler.bindProducer('filler');
  for (let part = 0; part < 3; part++) await sender.send([{ payload: new Uint8Array(segmentBytes), headers: {} }]);
  await filler.close();
  await setTimeout(1200);
}

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
        connect: async () => embeddedBinder({ dataDir, segmentBytes }),
        restart: () => holders.crash(),
        applyRetention: () => seal(dataDir),
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
