import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eachLease, leaseRuns } from '../../src/wire/leases.ts';
import type { Lease } from '../../src/wire/leases.ts';

test('commands that were leased one after another are one run', () => {
  const leases = [7, 8, 9, 20].map((offset, index) => ({ offset, lease: 100 + index }));
  expect(leaseRuns(leases)).toEqual([
    [7, 100, 3],
    [20, 103, 1],
  ]);
});

test('runs hold what they were made of, in its order', () => {
  const lease = fc.record({ offset: fc.integer({ min: 0, max: 9 }), lease: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(lease), (leases) => {
      const found: Lease[] = [];
      eachLease(leaseRuns(leases), (offset, number) => found.push({ offset, lease: number }));
      expect(found).toEqual(leases);
    }),
  );
});
