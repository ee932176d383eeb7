/** What a method gets beside its receiver and arguments: how to fail and how to account for work. */
export interface Call {
  /** Fails with what was needed and what was given. */
  wrong(expected: string, found: unknown): Error;
  /** Accounts for work that grows with the data. */
  spend(steps: number): void;
  /** Checks the length of a text before it is built. */
  room(length: number): void;
}

export interface Method {
  readonly min: number;
  readonly max: number;
  readonly call: (target: never, args: readonly unknown[], call: Call) => unknown;
}

/** Methods by name; no prototype, so that names such as `constructor` find nothing. */
export type MethodTable = Readonly<Record<string, Method | undefined>>;

/** Builds a table from rows `name: [min, max, function]`. */
export function methodTable<T>(
  rows: Readonly<Record<string, readonly [number, number, (target: T, args: readonly unknown[], call: Call) => unknown]>>,
): MethodTable {
  const table = Object.create(null) as Record<string, Method>;
  for (const [name, [min, max, call]] of Object.entries(rows)) table[name] = Object.freeze({ min, max, call });
  return Object.freeze(table);
}

/** A row whose name an object has anyway (`toString`, `valueOf`), for which the compiler cannot tell the type from the table. */
export function row<T>(
  min: number,
  max: number,
  call: (target: T, args: readonly unknown[], call: Call) => unknown,
): readonly [number, number, typeof call] {
  return [min, max, call];
}
