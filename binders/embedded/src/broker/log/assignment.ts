/** A member of a group as far as sharing partitions goes. */
export interface Sharer {
  readonly assignment: { readonly index: number; readonly count: number } | undefined;
}

/**
 * Who should read each partition: fixed shares first, the rest evenly, and whoever has a partition keeps it where that is fair.
 * `owners` are the present ones, by partition.
 */
export function share<M extends Sharer>(members: readonly M[], owners: readonly (M | undefined)[]): (M | undefined)[] {
  const target: (M | undefined)[] = owners.map((owner, partition) => fixedMember(members, owner, partition));
  const sharing = members.filter((member) => member.assignment === undefined);
  if (sharing.length === 0) return target;
  const open = target.flatMap((member, partition) => (member === undefined ? [partition] : []));
  const quota = quotas(sharing, open, owners);
  for (const partition of open) target[partition] = keep(quota, owners[partition]);
  for (const partition of open) target[partition] ??= keep(quota, largest(quota));
  return target;
}

function fixedMember<M extends Sharer>(members: readonly M[], owner: M | undefined, partition: number): M | undefined {
  const takes = ({ assignment }: M): boolean => assignment !== undefined && partition % assignment.count === assignment.index;
  return owner !== undefined && members.includes(owner) && takes(owner) ? owner : members.find(takes);
}

/** How many of the open partitions each may have; those that have most now get the ones left over. */
function quotas<M extends Sharer>(
  sharing: readonly M[],
  open: readonly number[],
  owners: readonly (M | undefined)[],
): Map<M, number> {
  const held = (member: M): number => open.filter((partition) => owners[partition] === member).length;
  const byHeld = [...sharing].sort((a, b) => held(b) - held(a));
  const each = Math.floor(open.length / sharing.length);
  const left = open.length % sharing.length;
  return new Map(byHeld.map((member, i) => [member, each + (i < left ? 1 : 0)]));
}

function keep<M extends Sharer>(quota: Map<M, number>, member: M | undefined): M | undefined {
  const left = member === undefined ? undefined : quota.get(member);
  if (left === undefined || left === 0) return undefined;
  quota.set(member!, left - 1);
  return member;
}

function largest<M extends Sharer>(quota: ReadonlyMap<M, number>): M | undefined {
  let best: M | undefined;
  for (const [member, left] of quota) if (left > (best === undefined ? 0 : quota.get(best)!)) best = member;
  return best;
}
