/** Leaves out all but some fields of a value; values that are no objects pass as they are. */
export type Projection = (value: unknown) => unknown;

/** Makes the projection to these fields; without a list, everything passes. */
export function projection(fields: readonly string[] | undefined): Projection {
  if (fields === undefined) return (value) => value;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const source = value as Record<string, unknown>;
    return Object.fromEntries(fields.filter((name) => Object.hasOwn(source, name)).map((name) => [name, source[name]]));
  };
}
