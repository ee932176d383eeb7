import { raise } from '../errors.ts';

/** The part of the Standard Schema v1 interface that is used here; zod, valibot, arktype and others implement it. */
export interface Schema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** What a schema made of a value, or what is wrong with it. */
export type SchemaResult<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** What a schema found wrong, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Checks a value and gives what the schema makes of it; a promise only where the schema is asynchronous.
 * `INVALID_ARGUMENT` lists every issue with its path.
 */
export function validate<T>(schema: Schema<T> | undefined, value: unknown, destination: string): T | Promise<T> {
  if (schema === undefined) return value as T;
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) return result.then((settled) => valueOf(settled, destination));
  return valueOf(result, destination);
}

function valueOf<T>(result: SchemaResult<T>, destination: string): T {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(describeIssue);
  throw raise('SCHEMA_MISMATCH', { destination, issues: issues.join('; '), count: issues.length });
}

function describeIssue(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
