/** The form in which two spellings of an option name are equal: lower case, without `-` and `_` in each dotted part. */
export function relaxedName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** As {@link relaxedName}, for environment variables, whose `_` may stand for a dot, a dash or nothing at all. */
export function environmentName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** `partitionKeyExpression` → `partition-key-expression`, in every dotted part. */
export function kebabName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/_/g, '-')
    .toLowerCase();
}
