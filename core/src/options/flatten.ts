/**
 * Turns nested objects into dotted names: `{ a: { b: 1 }, 'c.d': 2 }` → `a.b`, `c.d`. Lists of plain values stay lists, also those
 * written as `x[0]`, `x[1]`; lists of objects get indexed names.
 */
export function flatten(nested: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(nested)) add(flat, name, value);
  return flat;
}

function add(flat: Map<string, unknown>, name: string, value: unknown): void {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    value.forEach((item, index) => add(flat, `${name}[${index}]`, item));
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) add(flat, `${name}.${key}`, inner);
  } else {
    addPlain(flat, name, value);
  }
}

function addPlain(flat: Map<string, unknown>, name: string, value: unknown): void {
  const indexed = /^(.+)\[(\d{1,4})\]$/.exec(name);
  if (!indexed) {
    flat.set(name, value);
    return;
  }
  const list = flat.get(indexed[1]!);
  const items: unknown[] = Array.isArray(list) ? [...(list as unknown[])] : [];
  items[Number(indexed[2])] = value;
  flat.set(indexed[1]!, items);
}
