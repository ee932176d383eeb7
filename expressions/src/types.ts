import { double, isNumber, long, toNumber } from './numbers.ts';
import type { JavaNumber } from './numbers.ts';
import { methodTable, row } from './methods/table.ts';
import type { Call, MethodTable } from './methods/table.ts';
import { compareNumbers, isReal, negate } from './numbers.ts';
import { decodeText, render } from './values.ts';

/** What `T(type)` offers: static methods, and constants read without parentheses. */
export interface StaticType {
  readonly methods: MethodTable;
  readonly constants: Readonly<Record<string, unknown>>;
  /** Whether a value is `instanceof` it. */
  readonly holds: (value: unknown) => boolean;
}

function number(value: unknown, call: Call): JavaNumber {
  if (isNumber(value)) return value;
  throw call.wrong('a number', value);
}

function real(
  name: keyof Math & string,
): readonly [number, number, (target: undefined, args: readonly unknown[], call: Call) => unknown] {
  const apply = Math[name] as (...values: number[]) => number;
  return [apply.length, apply.length, (_, args, call) => double(apply(...args.map((arg) => toNumber(number(arg, call)))))];
}

function parseWhole(bits: 32 | 64, value: unknown, call: Call): JavaNumber {
  if (isNumber(value) && !isReal(value)) return bits === 64 ? long(BigInt(toNumber(value))) : value;
  const text = typeof value === 'string' ? value : '';
  if (!/^[+-]?\d+$/.test(text)) throw call.wrong('the digits of a whole number', value);
  const parsed = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, parsed) !== parsed) throw call.wrong(`a whole number of ${bits} bits`, value);
  return bits === 64 ? long(parsed) : Number(parsed);
}

function parseReal(value: unknown, call: Call): JavaNumber {
  if (isNumber(value)) return double(toNumber(value));
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(NaN|Infinity)$/.test(text))
    throw call.wrong('the digits of a number', value);
  return double(Number(text));
}

const math: StaticType = {
  methods: methodTable<undefined>({
    abs: [1, 1, (_, [value], call) => (compareNumbers(number(value, call), 0) < 0 ? negate(number(value, call)) : value)],
    max: [2, 2, (_, [a, b], call) => (compareNumbers(number(a, call), number(b, call)) >= 0 ? a : b)],
    min: [2, 2, (_, [a, b], call) => (compareNumbers(number(a, call), number(b, call)) <= 0 ? a : b)],
    round: [1, 1, (_, [value], call) => long(BigInt(Math.floor(toNumber(number(value, call)) + 0.5)))],
    random: [0, 0, () => double(Math.random())],
    ceil: real('ceil'),
    floor: real('floor'),
    sqrt: real('sqrt'),
    cbrt: real('cbrt'),
    pow: real('pow'),
    exp: real('exp'),
    log: real('log'),
    log10: real('log10'),
    sin: real('sin'),
    cos: real('cos'),
    tan: real('tan'),
    asin: real('asin'),
    acos: real('acos'),
    atan: real('atan'),
    atan2: real('atan2'),
    signum: real('sign'),
  }),
  constants: { PI: Math.PI, E: Math.E },
  holds: () => false,
};

const text: StaticType = {
  methods: methodTable<undefined>({
    valueOf: row(1, 1, (_, [value]) => render(value)),
    join: [
      2,
      2,
      (_, [separator, items], call) => {
        if (typeof separator !== 'string' || !Array.isArray(items)) throw call.wrong('a separator and a list', items);
        call.spend(items.length);
        const joined = items.map(render);
        call.room(joined.reduce((length, part) => length + part.length + separator.length, 0));
        return joined.join(separator);
      },
    ],
  }),
  constants: {},
  holds: (value) => typeof value === 'string',
};

function isInt(value: unknown): boolean {
  return typeof value === 'number' && value === (value | 0);
}

function whole(bits: 32 | 64, parse: string): StaticType {
  const [min, max] = bits === 32 ? [-(2 ** 31), 2 ** 31 - 1] : [-(2n ** 63n), 2n ** 63n - 1n];
  const parser = [1, 1, (_: undefined, [value]: readonly unknown[], call: Call) => parseWhole(bits, value, call)] as const;
  return {
    methods: methodTable<undefined>({ [parse]: parser, valueOf: parser, toString: row(1, 1, (_, [value]) => render(value)) }),
    constants: { MIN_VALUE: min, MAX_VALUE: max },
    holds: (value) => isNumber(value) && !isReal(value) && isInt(value) === (bits === 32),
  };
}

const real64: StaticType = {
  methods: methodTable<undefined>({
    parseDouble: [1, 1, (_, [value], call) => parseReal(value, call)],
    valueOf: row(1, 1, (_, [value], call) => parseReal(value, call)),
    toString: row(1, 1, (_, [value]) => render(value)),
  }),
  constants: { MAX_VALUE: Number.MAX_VALUE, MIN_VALUE: Number.MIN_VALUE },
  holds: (value) => isNumber(value) && isReal(value),
};

const boolean: StaticType = {
  methods: methodTable<undefined>({
    parseBoolean: [1, 1, (_, [value]) => render(value).toLowerCase() === 'true'],
    valueOf: row(1, 1, (_, [value]) => render(value).toLowerCase() === 'true'),
  }),
  constants: { TRUE: true, FALSE: false },
  holds: (value) => typeof value === 'boolean',
};

const types: Readonly<Record<string, StaticType>> = {
  'java.lang.Math': math,
  'java.lang.String': text,
  'java.lang.Integer': whole(32, 'parseInt'),
  'java.lang.Long': whole(64, 'parseLong'),
  'java.lang.Double': real64,
  'java.lang.Boolean': boolean,
  'java.lang.Number': { methods: methodTable({}), constants: {}, holds: isNumber },
  'java.util.Map': {
    methods: methodTable({}),
    constants: {},
    holds: (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && !isNumber(value),
  },
  'java.util.List': { methods: methodTable({}), constants: {}, holds: Array.isArray },
  'java.lang.System': { methods: methodTable({ currentTimeMillis: [0, 0, () => Date.now()] }), constants: {}, holds: () => false },
  'java.time.Instant': { methods: methodTable({ now: [0, 0, () => new Date().toISOString()] }), constants: {}, holds: () => false },
  'java.util.UUID': {
    methods: methodTable({ randomUUID: [0, 0, () => globalThis.crypto.randomUUID()] }),
    constants: {},
    holds: () => false,
  },
};

/** The types that expressions may name, with and without their package. */
export const typeTable: ReadonlyMap<string, StaticType> = new Map(
  Object.entries(types).flatMap(([name, type]) => [
    [name, type],
    [name.slice(name.lastIndexOf('.') + 1), type],
  ]),
);

/** `new String(bytes)` and `new String(text)`; a charset may be named. */
export function newString(args: readonly unknown[], call: Call): string {
  const [value, charset = 'UTF-8'] = args;
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (!(value instanceof Uint8Array)) throw call.wrong('bytes or text', value);
  const name = String(charset).toUpperCase();
  if (name === 'UTF-8' || name === 'UTF8') return decodeText(value);
  if (name !== 'US-ASCII' && name !== 'ISO-8859-1' && name !== 'UTF-16')
    throw call.wrong('a charset among UTF-8, US-ASCII, ISO-8859-1 and UTF-16', charset);
  return new TextDecoder(name === 'UTF-16' ? 'utf-16be' : 'latin1').decode(value);
}
