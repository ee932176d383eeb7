/** A member as the leader of its group sees it. */
export interface MemberView {
  readonly id: string;
  /** Its name as a static member, if it is one. */
  readonly instanceId?: string | undefined;
  readonly topics: readonly string[];
  /** What it says it has, by topic, and in which generation it got that. */
  readonly owned: ReadonlyMap<string, readonly number[]>;
  readonly generation: number;
}

/** Partitions by member, then by topic. */
export type Assignment = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/**
 * Shares out partitions evenly per topic, leaving as many as possible where they are. A partition that moves is given to nobody at
 * first: its owner gives it up and the members join again, so that it never has two owners (cooperative rebalancing).
 */
export function assignCooperatively(members: readonly MemberView[], partitions: ReadonlyMap<string, number>): Assignment {
  const assignment = new Map(members.map(({ id }) => [id, new Map<string, readonly number[]>()]));
  const loads = new Map(members.map(({ id }) => [id, 0]));
  for (const [topic, count] of partitions) {
    const subscribers = members.filter(({ topics }) => topics.includes(topic));
    if (subscribers.length === 0) continue;
    const owners = ownersOf(topic, count, subscribers);
    for (const [id, shared] of share(count, subscribers, owners, loads)) {
      loads.set(id, loads.get(id)! + shared.length);
      const given = shared.filter((partition) => (owners.get(partition) ?? id) === id);
      assignment.get(id)!.set(topic, given);
    }
  }
  return assignment;
}

/**
 * Gives each member a contiguous range of every topic that it subscribes to, as Java's `RangeAssignor` does. Who had what does not
 * count: members must have given everything up before they join (eager rebalancing).
 */
export function assignInRanges(members: readonly MemberView[], partitions: ReadonlyMap<string, number>): Assignment {
  const assignment = new Map(members.map(({ id }) => [id, new Map<string, readonly number[]>()]));
  const ordered = members.toSorted(compareMembers);
  for (const [topic, count] of partitions) {
    const subscribers = ordered.filter(({ topics }) => topics.includes(topic));
    let next = 0;
    subscribers.forEach(({ id }, index) => {
      const size = Math.floor(count / subscribers.length) + (index < count % subscribers.length ? 1 : 0);
      const range = Array.from({ length: size }, (_, offset) => next + offset);
      next += size;
      assignment.get(id)!.set(topic, range);
    });
  }
  return assignment;
}

/** Static members by their names, before the others by their ids. */
function compareMembers(a: MemberView, b: MemberView): number {
  if (a.instanceId !== undefined && b.instanceId !== undefined) return a.instanceId < b.instanceId ? -1 : 1;
  if (a.instanceId !== undefined || b.instanceId !== undefined) return a.instanceId === undefined ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

/** Who has each partition. Claims of an older generation are void; two claims of the same one are, too. */
function ownersOf(topic: string, count: number, members: readonly MemberView[]): Map<number, string> {
  const claims = new Map<number, { id: string; generation: number; isContested: boolean }>();
  for (const { id, owned, generation } of members)
    for (const partition of owned.get(topic) ?? []) {
      if (partition >= count) continue;
      const other = claims.get(partition);
      if (other === undefined || other.generation < generation) claims.set(partition, { id, generation, isContested: false });
      else if (other.generation === generation) other.isContested = true;
    }
  return new Map([...claims].filter(([, claim]) => !claim.isContested).map(([partition, { id }]) => [partition, id]));
}

/** Who shall have which partitions in the end. */
function share(
  count: number,
  members: readonly MemberView[],
  owners: ReadonlyMap<number, string>,
  loads: ReadonlyMap<string, number>,
): Map<string, number[]> {
  const kept = new Map(members.map(({ id }) => [id, [] as number[]]));
  for (const [partition, id] of [...owners].toSorted(([a], [b]) => a - b)) kept.get(id)!.push(partition);
  const least = Math.floor(count / members.length);
  let extra = count % members.length;
  // Those that have most keep one more where the division leaves a rest; then those that have least over all topics get it.
  const order = members
    .map(({ id }) => id)
    .toSorted((a, b) => kept.get(b)!.length - kept.get(a)!.length || loads.get(a)! - loads.get(b)! || (a < b ? -1 : 1));
  const free = Array.from({ length: count }, (_, partition) => partition).filter((partition) => !owners.has(partition));
  const quotas = order.map((id) => ({ id, quota: least + (extra-- > 0 ? 1 : 0) }));
  for (const { id, quota } of quotas) free.push(...kept.get(id)!.splice(quota));
  for (const { id, quota } of quotas) kept.get(id)!.push(...free.splice(0, quota - kept.get(id)!.length));
  return kept;
}
