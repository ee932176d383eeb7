import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { share } from '../../../src/broker/log/assignment.ts';
import type { Sharer } from '../../../src/broker/log/assignment.ts';

const free = (): Sharer => ({ assignment: undefined });

describe('sharing partitions', () => {
  it('gives every partition to one member, evenly, whatever the members and owners are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(fc.nat()),
        (count, partitions, random) => {
          const members = Array.from({ length: count }, free);
          const next = (): number => random.next().value as number;
          const owners = Array.from({ length: partitions }, () => members[next() % (count + 1)]);
          const target = share(members, owners);
          const sizes = members.map((member) => target.filter((owner) => owner === member).length);
          expect(target).not.toContain(undefined);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('moves nothing when a balanced group is shared again', () => {
    const members = [free(), free(), free()];
    const owners = share(members, Array.from({ length: 7 }));
    expect(share(members, owners)).toEqual(owners);
  });

  it('takes from the others only what a newcomer needs', () => {
    const members = [free(), free()];
    const owners = share(members, Array.from({ length: 6 }));
    const joined = share([...members, free()], owners);
    expect(joined.filter((owner, partition) => owner !== owners[partition])).toHaveLength(2);
  });

  it('gives fixed shares to their members and leaves theirs alone', () => {
    const fixed = [0, 1].map((index) => ({ assignment: { index, count: 2 } }));
    expect(share(fixed, Array.from({ length: 5 }))).toEqual([fixed[0], fixed[1], fixed[0], fixed[1], fixed[0]]);
    const [first] = fixed;
    const other = free();
    expect(share([first!, other], Array.from({ length: 4 }))).toEqual([first, other, first, other]);
  });

  it('leaves partitions of absent fixed members unread', () => {
    const member = { assignment: { index: 1, count: 2 } };
    expect(share([member], Array.from({ length: 3 }))).toEqual([undefined, member, undefined]);
  });
});
