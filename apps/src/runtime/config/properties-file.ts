/**
 * Reads the text of a Java `.properties` file: `#` and `!` comments, `=`, `:` or blank as separator, continued lines, escapes.
 * Later lines win.
 */
export function parseProperties(text: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    const key = unescape(line.slice(0, end));
    values[key] = unescape(line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, ''));
  }
  return values;
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (open === '' && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const backslashes = /\\*$/.exec(line)![0].length;
    if (backslashes % 2 === 1) {
      open += line.slice(0, -1);
    } else {
      lines.push(open + line);
      open = '';
    }
  }
  if (open !== '') lines.push(open);
  return lines;
}

function keyEnd(line: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (/[=: \t\f]/.test(line[at]!)) return at;
  }
  return line.length;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, other: string | undefined) =>
    code === undefined ? (escapes[other!] ?? other!) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
