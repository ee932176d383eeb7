import type { Schema } from '../src/policies/schema.ts';

export interface Reading {
  readonly sensor: string;
  readonly celsius: number;
}

/** A validator as schema libraries make them, written against the Standard Schema interface alone. */
export function schemaOf<T>(
  check: (value: unknown) => { value: T } | { issues: { message: string; path?: string[] }[] },
): Schema<T> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } };
}

export const Reading: Schema<Reading> = schemaOf<Reading>((value) => {
  const { sensor, celsius } = (value ?? {}) as Partial<Reading>;
  const issues = [
    ...(typeof sensor === 'string' ? [] : [{ message: 'must be a string', path: ['sensor'] }]),
    ...(typeof celsius === 'number' ? [] : [{ message: 'must be a number', path: ['celsius'] }]),
  ];
  return issues.length > 0 ? { issues } : { value: { sensor: sensor!, celsius: celsius! } };
});

/** The same, answering later. */
export const SlowReading: Schema<Reading> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      await Promise.resolve();
      return Reading['~standard'].validate(value);
    },
  },
};
