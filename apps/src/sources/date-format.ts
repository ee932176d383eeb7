import { appError } from '../errors.ts';

type Field = (date: Date, width: number) => string;

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const pad = (value: number, width: number) => String(value).padStart(width, '0');
const name = (names: readonly string[], index: number, width: number) => (width >= 4 ? names[index]! : names[index]!.slice(0, 3));

const fields: Readonly<Record<string, Field>> = {
  y: (date, width) => (width === 2 ? pad(date.getFullYear() % 100, 2) : pad(date.getFullYear(), width)),
  M: (date, width) => (width >= 3 ? name(months, date.getMonth(), width) : pad(date.getMonth() + 1, width)),
  d: (date, width) => pad(date.getDate(), width),
  D: (date, width) => pad(dayOfYear(date), width),
  E: (date, width) => name(days, date.getDay(), width),
  u: (date, width) => pad(date.getDay() || 7, width),
  a: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  H: (date, width) => pad(date.getHours(), width),
  k: (date, width) => pad(date.getHours() || 24, width),
  K: (date, width) => pad(date.getHours() % 12, width),
  h: (date, width) => pad(date.getHours() % 12 || 12, width),
  m: (date, width) => pad(date.getMinutes(), width),
  s: (date, width) => pad(date.getSeconds(), width),
  S: (date, width) => pad(date.getMilliseconds(), width),
  Z: (date) => offset(date, ''),
  X: (date, width) =>
    date.getTimezoneOffset() === 0 ? 'Z' : width === 1 ? offset(date, '').slice(0, 3) : offset(date, width === 3 ? ':' : ''),
};

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000 + 1;
}

function offset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${separator}${pad(size % 60, 2)}`;
}

/**
 * Compiles a Java date pattern (the letters y M d D E u a H k K h m s S Z X, quoted text, other signs as they are) into a formatter
 * in the machine's time zone with English names. Raises `PAYLOAD_INVALID` (`INVALID_ARGUMENT`) for other letters.
 */
export function dateFormat(pattern: string): (date: Date) => string {
  const parts = (pattern.match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g) ?? []).map((part) => compilePart(part, pattern));
  return (date) => parts.map((part) => part(date)).join('');
}

function compilePart(part: string, pattern: string): (date: Date) => string {
  if (part === "''") return () => "'";
  if (part.startsWith("'") && part.length > 1) return () => part.slice(1, -1).replaceAll("''", "'");
  if (!/^[A-Za-z]/.test(part)) return () => part;
  const field = fields[part[0]!];
  if (field === undefined) {
    throw appError('PAYLOAD_INVALID', {
      problem: `The date pattern '${pattern}' uses the letter '${part[0]}', which is none of ${Object.keys(fields).join('')}.`,
    });
  }
  return (date) => field(date, part.length);
}
