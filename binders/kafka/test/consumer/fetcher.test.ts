import * as library from '@platformatic/kafka';
import { expect, it } from 'vitest';
import type { Cluster } from '../../src/client/cluster.ts';
import { Fetcher } from '../../src/consumer/fetcher.ts';
import { PartitionWindow } from '../../src/consumer/partition-window.ts';

it('asks a broker that is gone again only when the leaders have been looked up, however often somebody wants messages', async () => {
  const window = new PartitionWindow(0, 0);
  let [asked, lookedUp] = [0, 0];
  const failures: unknown[] = [];
  const cluster = {
    library,
    settings: { patienceMs: 1000 },
    closing: new AbortController().signal,
    known: () => ({ partitions: [{ leader: 7 }] }),
    refresh: async () => {
      lookedUp++;
      return {};
    },
    // It is known as the leader but not as a broker: as after it died. A loop that never lets timers run would last for ever.
    async nodeLink() {
      if (++asked > 100) return new Promise<never>(() => {});
      throw new library.ProtocolError('LEADER_NOT_AVAILABLE');
    },
    failure: (error: unknown) => error,
    closeLinks: async () => undefined,
  };
  const settings = { maxWaitMs: 100, readAheadBytes: 1e6, partitionBytes: 1e5, isCommitted: true };
  const fetcher: Fetcher = new Fetcher(cluster as unknown as Cluster, settings, {
    id: 'c',
    topic: 't',
    windows: () => [window],
    // As a consumer that waits does.
    progress: () => fetcher.pump(),
    failed: (error) => failures.push(error),
    outOfRange: async () => undefined,
  });
  fetcher.pump();
  await expect.poll(() => lookedUp).toBeGreaterThan(2);
  await fetcher.stop();
  expect(failures).toEqual([]);
  expect(asked).toBeLessThanOrEqual(lookedUp + 1);
});
