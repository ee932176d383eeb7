/** Character codes that the lexers compare with. */
export const code = {
  nul: 0,
  tab: 9,
  lineFeed: 10,
  carriageReturn: 13,
  space: 32,
  doubleQuote: 34,
  dollar: 36,
  singleQuote: 39,
  minus: 45,
  semicolon: 59,
  equals: 61,
  greater: 62,
  backslash: 92,
  underscore: 95,
  bar: 124,
} as const;

const wordTable = Uint8Array.from({ length: 128 }, (_, index) => (/\w/.test(String.fromCharCode(index)) ? 1 : 0));

/** Whether an identifier may start here: an ASCII letter, digit or underscore. */
export function isWordCharacter(character: number): boolean {
  return wordTable[character] === 1;
}

/** Whether an identifier may go on here: as at its start, or `$` or `-`. */
export function isIdentifierPart(character: number): boolean {
  return wordTable[character] === 1 || character === code.minus || character === code.dollar;
}

/** Space, tab, carriage return or line feed. */
export function isWhitespace(character: number): boolean {
  return character === code.space || character === code.tab || character === code.carriageReturn || character === code.lineFeed;
}

/** Whether an unquoted option value ends before this character. */
export function endsValue(character: number): boolean {
  return (
    isWhitespace(character) ||
    character === code.bar ||
    character === code.semicolon ||
    character === code.greater ||
    character === code.nul
  );
}

/** The character at `position`, or NUL behind the end. */
export function characterAt(text: string, position: number): number {
  return position < text.length ? text.charCodeAt(position) : code.nul;
}

// The rule of Java identifiers, of which the names of streams and tasks are a superset. Works on UTF-16 units, as Java does.
const nameStart = /^[\p{L}\p{Nl}\p{Sc}\p{Pc}]$/u;
const namePart = /^[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}\p{Cf}\p{Cc}-]$/u;
const separator = /[\t\n\v\f\r\x1c-\x1f]/; // oxlint-disable-line no-control-regex

/** Whether `name` may name a stream or a task: a letter, `_` or `$`, then letters, digits, `_`, `$` or `-`, in any script. */
export function isDefinitionName(name: string): boolean {
  if (/^[A-Za-z_$][\w$-]*$/.test(name)) return true;
  const units = name.split('');
  return units.length > 0 && nameStart.test(units[0]!) && units.every((unit) => namePart.test(unit)) && !separator.test(name);
}

/** Whether the lexer reads `name` as one identifier, so that it can stand for an app or label in a definition. */
export function isIdentifier(name: string): boolean {
  return /^\w[\w$-]*$/.test(name);
}

/** Whether there is no text in `value`: nothing, or white space that is not a no-break space. */
export function isBlank(value: string): boolean {
  return /^[^\S\u00a0\u2007\u202f\ufeff]*$/.test(value);
}
