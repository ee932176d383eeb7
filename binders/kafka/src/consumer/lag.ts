import type { Cluster } from '../client/cluster.ts';
import type { Offsets } from '../client/offsets.ts';
import { earliest, latest } from '../client/offsets.ts';

/** Messages of a topic behind these positions; behind the beginning in partitions without one. `undefined` for a topic that is gone. */
export async function lagOf(
  cluster: Cluster,
  offsets: Offsets,
  topic: string,
  positionsOf: (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>,
): Promise<number | undefined> {
  const view = await cluster.refresh(topic);
  if (view === undefined) return undefined;
  const partitions = view.partitions.map(({ partition }) => partition);
  const at = (time: bigint) => offsets.at(topic, new Map(partitions.map((each) => [each, time])));
  const [first, end, positions] = await Promise.all([at(earliest), at(latest), positionsOf(partitions)]);
  return partitions.reduce((sum, each) => sum + Math.max(0, end.get(each)! - (positions.get(each) ?? first.get(each)!)), 0);
}
