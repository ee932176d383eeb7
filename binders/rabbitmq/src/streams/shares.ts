/** A member and the partitions that it has. */
export interface Share {
  readonly id: string;
  readonly owned: number;
}

/** How many partitions each member should have, so that they are spread evenly and as few as possible move. */
export function quotas(members: readonly Share[], partitions: number): ReadonlyMap<string, number> {
  const least = Math.floor(partitions / members.length);
  const extra = partitions % members.length;
  // Who has more keeps more; equal members are told apart by their names, which all know.
  const ranked = members.toSorted((a, b) => b.owned - a.owned || (a.id < b.id ? -1 : 1));
  return new Map(ranked.map(({ id }, rank) => [id, rank < extra ? least + 1 : least]));
}
