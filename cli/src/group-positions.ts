import type { LogFacet } from '@millrace/messaging/binder';
import { raise } from './errors.ts';
import type { parsePosition } from './positions.ts';

/** The offsets that a position means in each partition of a destination, or in the one that is asked for. */
export async function positionsAt(
  log: LogFacet,
  destination: string,
  position: ReturnType<typeof parsePosition>,
  only: number | undefined,
): Promise<ReadonlyMap<number, number>> {
  const all = await log.partitions(destination);
  const chosen = only === undefined ? all : all.filter(({ partition }) => partition === only);
  if (chosen.length === 0) throw raise('NO_SUCH_PARTITION', { destination, partition: only, last: all.length - 1 });
  const places = chosen.map(async ({ partition, earliest, next }): Promise<[number, number]> => {
    if (position === 'earliest') return [partition, earliest];
    if (position === 'latest') return [partition, next];
    if (typeof position === 'number') return [partition, Math.min(Math.max(position, earliest), next)];
    return [partition, await log.offsetAt(destination, partition, position.getTime())];
  });
  return new Map(await Promise.all(places));
}
