import { equal } from '../operators.ts';
import { JavaList } from '../values.ts';
import { methodTable } from './table.ts';

type Mapping = ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>;

function entries(map: Mapping): readonly (readonly [unknown, unknown])[] {
  return map instanceof Map ? [...map] : Object.entries(map);
}

function lookUp(map: Mapping, key: unknown): unknown {
  if (map instanceof Map) return map.get(key);
  return typeof key === 'string' && Object.hasOwn(map, key) ? (map as Record<string, unknown>)[key] : undefined;
}

export const mapMethods = methodTable<Mapping>({
  size: [0, 0, (map) => entries(map).length],
  isEmpty: [0, 0, (map) => entries(map).length === 0],
  get: [1, 1, (map, [key]) => lookUp(map, key) ?? null],
  getOrDefault: [2, 2, (map, [key, fallback]) => lookUp(map, key) ?? fallback],
  containsKey: [1, 1, (map, [key]) => (map instanceof Map ? map.has(key) : typeof key === 'string' && Object.hasOwn(map, key))],
  containsValue: [
    1,
    1,
    (map, [value], call) => {
      call.spend(entries(map).length);
      return entries(map).some(([, item]) => equal(item, value));
    },
  ],
  keySet: [0, 0, (map) => JavaList.from(entries(map), ([key]) => key)],
  values: [0, 0, (map) => JavaList.from(entries(map), ([, value]) => value)],
});
