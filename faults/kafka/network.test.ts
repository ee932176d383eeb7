// F12: connections are reset, cut in the midst of an answer, stalled and half open while there is load.
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds, sleep } from '../harness.ts';
import { FaultProxy } from '../proxy.ts';
import { Traffic } from '../traffic.ts';
import { missing, onKafka } from './cluster.ts';

const faults: readonly { readonly fault: string; strike(proxy: FaultProxy): Promise<void> }[] = [
  { fault: 'F12 reset', strike: async (proxy) => proxy.reset() },
  { fault: 'F12 reset in the midst of an answer', strike: async (proxy) => proxy.resetAfter(700) },
  { fault: 'F12 half open', strike: async (proxy) => proxy.abandon() },
  {
    fault: 'F12 stalled for 5 s',
    async strike(proxy) {
      proxy.stall();
      await sleep(5000);
      proxy.flow();
    },
  },
  {
    fault: 'F12 refused for 5 s',
    async strike(proxy) {
      proxy.refuse();
      await sleep(5000);
      proxy.accept();
    },
  },
];

describe.skipIf(missing !== undefined)('the network before Kafka', { timeout: 600_000 }, () => {
  let proxy: FaultProxy;
  let server: RunningServer;
  beforeAll(async () => {
    proxy = await FaultProxy.start();
    // Clients are sent where the broker says it is.
    server = await sandbox.start('kafka', { config: { 'advertised.listeners': `PLAINTEXT://${proxy.address}` } });
    proxy.leadTo(server.settings.addresses[0]!);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await proxy?.[Symbol.asyncDispose]();
  });

  it.each(faults)('$fault: every send settles, nothing is lost, all goes on', async (each) => {
    const { fault } = each;
    const name = fault.replaceAll(/\W/g, '-');
    await using traffic = await Traffic.start(onKafka([proxy.address], { requestTimeoutMs: 3000 }), name);
    expect(proxy.connections).toBeGreaterThan(1);
    for (let round = 0; round < rounds(3, 20); round++) {
      await each.strike(proxy);
      expect(await traffic.progress()).toBeLessThan(10_000);
    }
    await traffic.finish(fault);
  });
});
