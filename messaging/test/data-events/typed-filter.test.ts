import { expect, expectTypeOf, it } from 'vitest';
import { compileWhere, type Filter } from '../../src/binder/index.ts';
import type { EntryEvent, RegionHandle, TypedFilter } from '../../src/index.ts';

interface Train {
  readonly name: string;
  readonly cars: number;
  readonly express: boolean;
  readonly note?: string | null;
  readonly kind: 'freight' | 'passenger';
  readonly route: { readonly from: string; readonly stops: { readonly count: number } };
  readonly tags: readonly string[];
}

/** Compiles as a filter over trains, and is one at run time too. */
function accepts(filter: TypedFilter<Train>): void {
  expect(() => compileWhere({ filter: filter as Filter })).not.toThrow();
}

it('typed filters take the fields of the value, by path, with values of their types', () => {
  accepts({});
  accepts({ name: 'G1', cars: { gt: 3, lte: 16 }, express: true });
  accepts({ 'route.from': { prefix: 'B' }, 'route.stops.count': { in: [1, 2] } });
  accepts({ note: null, kind: { ne: 'freight' } });
  accepts({ note: { exists: false }, tags: { exists: true } });
  accepts({ $or: [{ name: 'G1' }, { $not: { cars: 8 } }] });
});

it('typed filters refuse unknown fields, values of other types and operators that do not fit', () => {
  const refused: TypedFilter<Train>[] = [
    // @ts-expect-error there is no such field
    { nmae: 'G1' },
    // @ts-expect-error there is no such nested field
    { 'route.to': 'Ulm' },
    // @ts-expect-error a number is no string
    { name: 1 },
    // @ts-expect-error a string is no number
    { cars: { gt: '3' } },
    // @ts-expect-error there is no such operator
    { cars: { above: 3 } },
    // @ts-expect-error only text has a prefix
    { cars: { prefix: 3 } },
    // @ts-expect-error truth has no order
    { express: { lt: true } },
    // @ts-expect-error none of the values it can have
    { kind: 'fast' },
    // @ts-expect-error branches are checked too
    { $or: [{ name: 1 }] },
    // @ts-expect-error so is what must not hold
    { $not: { nmae: 'G1' } },
  ];
  expect(refused).toHaveLength(10);
});

it('regions of unknown values take any filter', () => {
  expectTypeOf<TypedFilter<unknown>>().toEqualTypeOf<Filter>();
});

it('handles are typed by their values', () => {
  expect(uses).toBeTypeOf('function');
});

/** Never called: it is the compiler that looks at it. */
function uses(seats: RegionHandle<Train>): unknown[] {
  return [
    () => seats.query({ 'route.stops.count': 2 }),
    // @ts-expect-error a query's filter is typed
    () => seats.query({ wheels: 2 }),
    () => seats.watch({ where: 'cars > 3', fields: ['name'] }, (event) => expectTypeOf(event).toEqualTypeOf<EntryEvent<Train>>()),
    // @ts-expect-error fields are those of the value
    () => seats.watch({ fields: ['wheels'] }, () => {}),
    // @ts-expect-error a patch has the value's fields
    () => seats.patch('a', { wheels: 2 }),
  ];
}
