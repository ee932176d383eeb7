import { listMethods } from './methods/lists.ts';
import { mapMethods } from './methods/maps.ts';
import { anyMethods, numberMethods } from './methods/numbers.ts';
import { stringMethods } from './methods/strings.ts';
import type { Method, MethodTable } from './methods/table.ts';
import { isNumber } from './numbers.ts';

const tables: readonly MethodTable[] = [stringMethods, numberMethods, listMethods, mapMethods, anyMethods];

/** The method of that name that a value has, from the list of what is allowed. */
export function methodOf(target: unknown, name: string): Method | undefined {
  return tableOf(target)[name] ?? anyMethods[name];
}

function tableOf(target: unknown): MethodTable {
  if (typeof target === 'string') return stringMethods;
  if (isNumber(target)) return numberMethods;
  if (Array.isArray(target)) return listMethods;
  return typeof target === 'object' && target !== null && !(target instanceof Uint8Array) ? mapMethods : anyMethods;
}

export function hasMethod(target: unknown, name: string): boolean {
  return methodOf(target, name) !== undefined;
}

/** The methods of that name over all types; empty if nothing has it. */
export function methodsNamed(name: string): readonly Method[] {
  return tables.flatMap((table) => table[name] ?? []);
}

/** Every allowed method's name, for hints. */
export function methodNames(): readonly string[] {
  return [...new Set(tables.flatMap((table) => Object.keys(table)))];
}
