/** A place in a dead-letter topic. */
export interface ParkedPlace {
  readonly partition: number;
  readonly offset: number;
}

/** More than a topic may have partitions; leaves 2^39 offsets in a safe integer. */
const partitionSpan = 2 ** 14;

/** One number for a place, above 0; grows with the offset, then with the partition. */
export function positionOf({ partition, offset }: ParkedPlace): number {
  return offset * partitionSpan + partition + 1;
}

export function placeAt(position: number): ParkedPlace {
  const index = position - 1;
  return { partition: index % partitionSpan, offset: Math.floor(index / partitionSpan) };
}

/** The first offset of a partition whose position is above `after`. */
export function offsetAfter(after: number, partition: number): number {
  return Math.max(0, Math.ceil((after - partition) / partitionSpan));
}
