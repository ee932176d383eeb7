import { environmentName, relaxedName } from '@millrace/core';

/** Raw values of one origin, found by name in any relaxed spelling. */
export interface PropertyLayer {
  /** What the values come from, for messages. */
  readonly origin: string;
  get(name: string): unknown;
  /** All values below a prefix, by the rest of their names. */
  under(prefix: string): ReadonlyMap<string, unknown>;
}

/** A layer of dotted names, compared without case, `-` and `_`. */
export function dottedLayer(origin: string, values: ReadonlyMap<string, unknown>): PropertyLayer {
  const byName = new Map([...values].map(([name, value]) => [relaxedName(name), value]));
  return {
    origin,
    get: (name) => byName.get(relaxedName(name)),
    under: (prefix) => {
      const start = `${relaxedName(prefix)}.`;
      const parts = prefix.split('.').length;
      const found = [...values].filter(([name]) => relaxedName(name).startsWith(start));
      return new Map(found.map(([name, value]) => [name.split('.').slice(parts).join('.'), value]));
    },
  };
}

/** A layer of environment variables: `A_B_C` stands for `a.b.c`, `a.b-c` and `a.bC`. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): PropertyLayer {
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) byName.set(environmentName(name), value);
  return {
    origin: 'environment',
    get: (name) => byName.get(environmentName(name)),
    under: (prefix) => {
      const start = `${prefix.replace(/[.-]/g, '_').toUpperCase()}_`;
      const found = Object.entries(environment).filter(([name, value]) => name.startsWith(start) && value !== undefined);
      return new Map(found.map(([name, value]) => [name.slice(start.length).toLowerCase().replaceAll('_', '.'), value]));
    },
  };
}
