import { dslError, raise } from '../errors.ts';
import { characterAt, code, endsValue } from './characters.ts';

/** How far an option value reaches, and whether it is one quoted text. */
export interface ValueExtent {
  readonly end: number;
  readonly quoted: boolean;
}

const isQuote = (character: number): boolean => character === code.singleQuote || character === code.doubleQuote;

/**
 * Finds the end of the option value that starts at `start`. Quotes toggle a state in which nothing ends the value, also in its
 * middle, so that expressions need no quoting as a whole. A value that starts with `'` knows `''` as an escape; one that
 * starts with `"` has none. Throws codes 106 and 107 when a quote at the very start is never closed.
 */
export function readValue(text: string, start: number): ValueExtent {
  const first = text.charCodeAt(start);
  const opening = isQuote(first) ? first : undefined;
  let open = opening !== undefined;
  let closed = 0;
  let position = open ? start + 1 : start;
  while (position < text.length) {
    const character = text.charCodeAt(position);
    const escaped = opening === code.singleQuote && character === opening && characterAt(text, position + 1) === opening;
    if (escaped) position++;
    else if (opening === undefined ? isQuote(character) : character === opening) {
      open = !open;
      if (!open) closed++;
    }
    position++;
    const next = characterAt(text, position);
    if (next === code.nul || (!open && endsValue(next))) break;
  }
  if (opening !== undefined && closed === 0) throw unclosed(text, start, opening);
  // A single run of quotes that also ends the value: `'a'b'` counts too, and loses only its outer quotes.
  return { end: position, quoted: closed === 1 && opening !== undefined && text.charCodeAt(position - 1) === opening };
}

/** Finds the end of a quoted text outside option values, where a doubled quote of either kind is an escape. */
export function readQuoted(text: string, start: number): number {
  const quote = text.charCodeAt(start);
  let position = start + 1;
  for (;;) {
    const character = characterAt(text, position);
    if (character === code.nul) throw unclosed(text, start, quote);
    if (character === quote && characterAt(text, position + 1) !== quote) return position + 1;
    position += character === quote ? 2 : 1;
  }
}

function unclosed(text: string, position: number, quote: number): Error {
  const name = quote === code.singleQuote ? 'NON_TERMINATING_QUOTED_STRING' : 'NON_TERMINATING_DOUBLE_QUOTED_STRING';
  return dslError(name, { text, position });
}

/** The content of a quoted text: its outer quotes removed, doubled ones inside made single. */
export function unquote(quoted: string): string {
  const quote = quoted[0]!;
  const content = quoted.slice(1, -1);
  return content.includes(quote) ? content.replaceAll(quote + quote, quote) : content;
}

/** The text that stands for `value` behind `--name=`, quoted only where needed. Throws `valueNotWritable` for a NUL inside. */
export function quoteValue(name: string, value: string): string {
  const habitual = quoteByHabit(value);
  if (readsBackAs(habitual, value)) return habitual;
  const double = `"${value}"`;
  if (value.includes("'") && readsBackAs(double, value)) return double;
  const single = quoteText(value);
  if (!readsBackAs(single, value)) throw raise('valueNotWritable', { name });
  return single;
}

/** `text` in single quotes, those inside it doubled. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

// What SCDF prints; it is kept wherever it can be read again.
function quoteByHabit(value: string): string {
  if (/^".*"$/s.test(value)) return value;
  if (value.includes('|') && !/[ ;*']/.test(value)) return `'${value}'`;
  if (!/[ ;*]/.test(value)) return value;
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}

function readsBackAs(written: string, value: string): boolean {
  if (written === '' || endsValue(written.charCodeAt(0))) return false;
  const tail = ' x';
  try {
    const { end, quoted } = readValue(written + tail, 0);
    return end === written.length && (quoted ? unquote(written) : written) === value;
  } catch {
    return false; // An unclosed quote: this way of writing the value does not work, the caller tries another.
  }
}
