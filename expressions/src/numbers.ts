/**
 * Java's numbers in JavaScript values. A whole number that fits 32 bits is an `Integer`, a larger safe one a `Long`, any other a `Double`,
 * all as plain numbers: what messages are full of needs no wrapping. Only what this rule would mistake is boxed: a `Double` with a whole
 * value ({@link Real}), a `Long` that is small ({@link Long}) and a `Long` beyond 2^53 (`bigint`).
 */
export type JavaNumber = number | bigint | Real | Long;

/** A `Double` whose value is whole: `5.0`. */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    return renderDouble(this.value);
  }

  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(renderDouble(this.value));
  }
}

/** A `Long` that would fit an `Integer`: `5L`. */
export class Long {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    return String(this.value);
  }

  toJSON(): number {
    return this.value;
  }
}

/** Whether a value is a number of one of Java's types. */
export function isNumber(value: unknown): value is JavaNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Real || value instanceof Long;
}

/** A double as the value that stands for it. */
export function double(value: number): number | Real {
  return Number.isInteger(value) ? new Real(value) : value;
}

/** A long as the value that stands for it; wraps at 64 bits. */
export function long(value: bigint): JavaNumber {
  const wrapped = BigInt.asIntN(64, value);
  const number = Number(wrapped);
  if (!Number.isSafeInteger(number)) return wrapped;
  return isInt(number) ? new Long(number) : number;
}

/** The plain JavaScript number (or `bigint` beyond 2^53). */
export function plain(value: JavaNumber): number | bigint {
  return typeof value === 'object' ? value.value : value;
}

/** The value as a JavaScript number, rounded where it is beyond 2^53. */
export function toNumber(value: JavaNumber): number {
  return Number(plain(value));
}

function isInt(value: number): boolean {
  return value === (value | 0);
}

export function isReal(value: JavaNumber): boolean {
  return value instanceof Real || (typeof value === 'number' && !Number.isInteger(value));
}

type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** `left operator right` by Java's rules of promotion and overflow. A whole division by zero gives `undefined`. */
export function arithmetic(operator: Arithmetic, left: JavaNumber, right: JavaNumber): JavaNumber | undefined {
  if (isReal(left) || isReal(right)) return double(realArithmetic(operator, toNumber(left), toNumber(right)));
  if (typeof left === 'number' && typeof right === 'number' && isInt(left) && isInt(right))
    return intArithmetic(operator, left, right);
  return longArithmetic(operator, BigInt(plain(left)), BigInt(plain(right)));
}

function realArithmetic(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

function intArithmetic(operator: Arithmetic, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return (a + b) | 0;
    case '-':
      return (a - b) | 0;
    case '*':
      return Math.imul(a, b);
    case '/':
      return b === 0 ? undefined : (a / b) | 0;
    default:
      return b === 0 ? undefined : (a % b) | 0;
  }
}

function longArithmetic(operator: Arithmetic, a: bigint, b: bigint): JavaNumber | undefined {
  switch (operator) {
    case '+':
      return long(a + b);
    case '-':
      return long(a - b);
    case '*':
      return long(a * b);
    case '/':
      return b === 0n ? undefined : long(a / b);
    default:
      return b === 0n ? undefined : long(a % b);
  }
}

/** `base ^ exponent`: whole numbers stay whole while they fit a long, as in the original. */
export function power(base: JavaNumber, exponent: JavaNumber): JavaNumber {
  const result = toNumber(base) ** toNumber(exponent);
  if (isReal(base) || isReal(exponent)) return double(result);
  const isWideOperand = base instanceof Long || exponent instanceof Long;
  if (!isWideOperand && isInt(result)) return result;
  return long(BigInt(clampToLong(Math.trunc(result))));
}

// A double that becomes a long keeps to its range, as Java's cast does.
function clampToLong(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(value, -(2 ** 63)), 2 ** 63 - 1024);
}

export function negate(value: JavaNumber): JavaNumber {
  if (isReal(value)) return double(-toNumber(value));
  return typeof value === 'number' && isInt(value) ? (0 - value) | 0 : long(-BigInt(plain(value)));
}

/** Less than 0, 0, or more than 0. */
export function compareNumbers(left: JavaNumber, right: JavaNumber): number {
  const a = plain(left);
  const b = plain(right);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A double as `Double.toString` prints it: `1.0`, `1.0E10`, `1.0E-5`. */
export function renderDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

export function renderNumber(value: JavaNumber): string {
  return typeof value === 'number' && !Number.isInteger(value) ? renderDouble(value) : String(value);
}
