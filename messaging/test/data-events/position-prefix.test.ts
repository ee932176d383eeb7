import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PositionPrefix } from '../../src/data-events/position-prefix.ts';

it('passes a position only when everything before it is finished', () => {
  const prefix = new PositionPrefix();
  const [first, second, third] = ['1', undefined, '3'].map((position) => prefix.begin(position));
  third!();
  expect(prefix.position).toBeUndefined();
  first!();
  expect(prefix.position).toBe('1');
  second!();
  expect(prefix.position).toBe('3');
  expect(prefix.open).toBe(0);
});

it('agrees with looking through all steps, for any order of finishing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer(), (count, seed) => {
      const prefix = new PositionPrefix();
      const finish = Array.from({ length: count }, (_, index) => prefix.begin(String(index)));
      const done = new Set<number>();
      let next = 0;
      for (const index of shuffled(count, seed)) {
        finish[index]!();
        done.add(index);
        while (done.has(next)) next++;
        expect(prefix.position).toBe(next === 0 ? undefined : String(next - 1));
      }
    }),
    { numRuns: 20 },
  );
});

function shuffled(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = seed | 1;
  return order
    .map((index) => {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      return [state + (index % 7) * 1e9, index] as const;
    })
    .sort((a, b) => a[0] - b[0])
    .map(([, index]) => index);
}
