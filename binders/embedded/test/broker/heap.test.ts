import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from '../../src/broker/heap.ts';

it('a heap gives out the smallest first, whatever is put in between', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(50), { nil: undefined })), (steps) => {
      const heap = new Heap<number>((value) => value);
      const model: number[] = [];
      for (const step of steps) {
        if (step === undefined) expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        else {
          heap.push(step);
          model.push(step);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.first).toBe(model.length === 0 ? undefined : Math.min(...model));
      }
    }),
  );
});
