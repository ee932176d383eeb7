/** A condition on an entry's value, as it crosses the binder boundary. */
export type Where = { readonly filter: Filter } | { readonly expression: string };

/** A value that a filter compares with. */
export type Scalar = string | number | boolean | null;

/** Conditions on fields; all must hold. A plain value means equality. Paths use dots: `'address.city'`. */
export type Filter =
  | { readonly [path: string]: Scalar | Condition }
  | { readonly $or: readonly Filter[] }
  | { readonly $not: Filter };

/** Comparison operators on one field; all given must hold. */
export interface Condition {
  readonly eq?: Scalar;
  readonly ne?: Scalar;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly in?: readonly Scalar[];
  readonly prefix?: string;
  readonly exists?: boolean;
}
