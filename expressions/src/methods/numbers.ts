import { compareNumbers, double, isNumber, long, plain, toNumber } from '../numbers.ts';
import type { JavaNumber } from '../numbers.ts';
import { render } from '../values.ts';
import { methodTable, row } from './table.ts';

/** A double cut to a whole number, as Java's casts do: toward zero, bounded, NaN as 0. */
function whole(value: JavaNumber): bigint {
  const number = plain(value);
  if (typeof number === 'bigint') return number;
  if (Number.isNaN(number)) return 0n;
  return BigInt(Math.trunc(Math.min(Math.max(number, -(2 ** 63)), 2 ** 63 - 1024)));
}

export const numberMethods = methodTable<JavaNumber>({
  intValue: [0, 0, (n) => Number(BigInt.asIntN(32, whole(n)))],
  longValue: [0, 0, (n) => long(whole(n))],
  doubleValue: [0, 0, (n) => double(toNumber(n))],
  floatValue: [0, 0, (n) => double(Math.fround(toNumber(n)))],
  compareTo: [
    1,
    1,
    (n, [other], call) => {
      if (!isNumber(other)) throw call.wrong('a number', other);
      return compareNumbers(n, other);
    },
  ],
  isNaN: [0, 0, (n) => Number.isNaN(toNumber(n))],
});

/** What every value has. */
export const anyMethods = methodTable<unknown>({
  toString: row(0, 0, (value) => render(value)),
  equals: [1, 1, (value, [other]) => value === other || (isNumber(value) && isNumber(other) && compareNumbers(value, other) === 0)],
});
