import fc from 'fast-check';
import { expect, it } from 'vitest';
import { offsetAfter, placeAt, positionOf } from '../../src/parking/positions.ts';

const place = fc.record({ partition: fc.integer({ min: 0, max: 9999 }), offset: fc.integer({ min: 0, max: 2 ** 39 - 1 }) });

it('a position stands for one place and grows with its offset', () => {
  fc.assert(
    fc.property(place, (each) => {
      const position = positionOf(each);
      expect(placeAt(position)).toEqual(each);
      expect(Number.isSafeInteger(position) && position > 0).toBe(true);
      expect(positionOf({ partition: 0, offset: each.offset + 1 })).toBeGreaterThan(position);
    }),
  );
});

it('reading goes on behind a position, in every partition', () => {
  fc.assert(
    fc.property(place, fc.integer({ min: 0, max: 9999 }), ({ partition, offset }, other) => {
      const after = positionOf({ partition, offset });
      const next = offsetAfter(after, other);
      expect(positionOf({ partition: other, offset: next })).toBeGreaterThan(after);
      if (next > 0) expect(positionOf({ partition: other, offset: next - 1 })).toBeLessThanOrEqual(after);
    }),
  );
  expect(offsetAfter(0, 0)).toBe(0);
});
