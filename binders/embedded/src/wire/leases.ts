/**
 * Commands under lease, as they travel: runs in which offset and lease both count up from the first. Commands are mostly leased and
 * finished as they came, so that a batch of any size is a run or two.
 */
export type LeaseRun = readonly [offset: number, lease: number, count: number];

/** What identifies a command under lease. */
export interface Lease {
  /** Its identity in the queue. */
  readonly offset: number;
  /** Proves that the lease is still the same one. */
  readonly lease: number;
}

/** Puts what follows each other into runs, in the order given. */
export function leaseRuns(leases: Iterable<Lease>): LeaseRun[] {
  const runs: [number, number, number][] = [];
  let last: [number, number, number] | undefined;
  for (const { offset, lease } of leases) {
    if (last !== undefined && offset === last[0] + last[2] && lease === last[1] + last[2]) last[2]++;
    else runs.push((last = [offset, lease, 1]));
  }
  return runs;
}

/** Calls `each` for every command of the runs. */
export function eachLease(runs: readonly LeaseRun[], each: (offset: number, lease: number) => void): void {
  for (const [offset, lease, count] of runs) for (let n = 0; n < count; n++) each(offset + n, lease + n);
}
