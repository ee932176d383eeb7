import { equal } from '../operators.ts';
import { isNumber, toNumber } from '../numbers.ts';
import { methodTable } from './table.ts';
import type { Call } from './table.ts';

function indexOf(list: readonly unknown[], item: unknown, call: Call): number {
  call.spend(list.length);
  return list.findIndex((candidate) => equal(candidate, item));
}

export const listMethods = methodTable<readonly unknown[]>({
  size: [0, 0, (list) => list.length],
  isEmpty: [0, 0, (list) => list.length === 0],
  contains: [1, 1, (list, [item], call) => indexOf(list, item, call) >= 0],
  indexOf: [1, 1, (list, [item], call) => indexOf(list, item, call)],
  get: [
    1,
    1,
    (list, [index], call) => {
      const at = isNumber(index) ? toNumber(index) : -1;
      if (!Number.isInteger(at) || at < 0 || at >= list.length) throw call.wrong(`an index within 0 and ${list.length - 1}`, index);
      return list[at] ?? null;
    },
  ],
});
