// F11: brokers end, crash and freeze under load.
import { sandbox } from '@millrace/sandbox';
import type { RunningServer, ServerNode } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds, sleep } from '../harness.ts';
import { Traffic } from '../traffic.ts';
import { missing, onServer } from './cluster.ts';

/** What is asked of every fault: progress this soon after the broker serves again. */
const resumesWithinMs = 10_000;

interface Strike {
  readonly fault: string;
  strike(node: ServerNode): Promise<void>;
}

const restart: Strike = { fault: 'F11 restarted in order', strike: (node) => node.restart() };
const crash: Strike = {
  fault: 'F11 killed',
  async strike(node) {
    await node.kill();
    await node.start();
  },
};
const freeze: Strike = {
  fault: 'F11 frozen for 8 s',
  async strike(node) {
    await node.pause();
    await sleep(8000);
    await node.resume();
  },
};

describe.skipIf(missing !== undefined).each([1, 3])('Kafka of %d node(s)', { timeout: 600_000 }, (nodes) => {
  let server: RunningServer;
  let names = 0;
  beforeAll(async () => {
    server = await sandbox.start('kafka', { nodes });
  }, 120_000);
  afterAll(async () => server?.stop());

  it.each([restart, crash, freeze])('$fault, a broker loses nothing, and all goes on', async (each) => {
    const { fault } = each;
    await using traffic = await Traffic.start(onServer(server), `brokers-${names++}`);
    for (let round = 0; round < rounds(nodes, 4 * nodes); round++) {
      await each.strike(server.nodes[round % nodes]!);
      const resumed = await traffic.progress();
      console.log(`${fault}: progress ${Math.round(resumed)} ms after the broker's return`);
      expect(resumed).toBeLessThan(resumesWithinMs);
    }
    await traffic.finish(`${fault}, ${nodes} node(s)`);
  });
});

describe.skipIf(missing !== undefined)('a cluster of three', { timeout: 600_000 }, () => {
  it('F11: goes on while one broker is gone', async () => {
    await using server = await sandbox.start('kafka', { nodes: 3 });
    await using traffic = await Traffic.start(onServer(server), 'failover');
    for (let round = 0; round < rounds(2, 9); round++) {
      const node = server.nodes[round % 3]!;
      await node.kill();
      // The others learn of it when its session ends, after 3 s.
      expect(await traffic.progress()).toBeLessThan(resumesWithinMs);
      await node.start();
      await traffic.progress();
    }
    await traffic.finish('F11 killed and gone on without, 3 nodes');
  });
});
