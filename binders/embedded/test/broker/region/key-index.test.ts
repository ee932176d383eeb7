import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyIndex } from '../../../src/broker/region/key-index.ts';

it('an index gives its keys in order from any place, whatever came and went', () => {
  const step = fc.tuple(fc.constantFrom('add', 'remove', 'look'), fc.constantFrom('a', 'b', 'ba', 'c', 'd'));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const index = new KeyIndex();
      const keys = new Set<string>();
      for (const [what, key] of steps) {
        if (what === 'add' && !keys.has(key)) index.add(key);
        if (what === 'add') keys.add(key);
        if (what === 'remove' && keys.delete(key)) index.removed();
        if (what !== 'look') continue;
        const found = [...index.after(key, (candidate) => keys.has(candidate))];
        expect(found).toEqual([...keys].filter((candidate) => candidate > key).sort());
      }
      expect([...index.after(undefined, (candidate) => keys.has(candidate))]).toEqual([...keys].sort());
    }),
  );
});
