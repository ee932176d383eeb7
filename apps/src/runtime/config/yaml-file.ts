interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the part of YAML that configuration files use: nested mappings, lists, plain and quoted scalars, `[a, b]`, `{}`, block text
 * (`|`, `>`) and comments. Anchors, aliases, tags, other flow mappings and further documents are refused with the line they are on,
 * so that nothing is half understood and nothing expands. Raises `SyntaxError`.
 */
export function parseYaml(text: string): Record<string, unknown> {
  return new YamlReader(text).document();
}

class YamlReader {
  readonly #raw: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#raw = text.split(/\r?\n/);
  }

  document(): Record<string, unknown> {
    if (this.#peek()?.text === '---') this.#at++;
    const first = this.#peek();
    if (first === undefined) return {};
    const value = this.#block(first.indent);
    const rest = this.#peek();
    if (rest !== undefined) throw this.#error(rest, 'is indented less than what it belongs to');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#error(first, 'must be a mapping');
    return value as Record<string, unknown>;
  }

  #peek(): Line | undefined {
    for (; this.#at < this.#raw.length; this.#at++) {
      const raw = this.#raw[this.#at]!;
      const text = withoutComment(raw).trimEnd();
      if (text.trim() === '') continue;
      const indent = text.length - text.trimStart().length;
      const line = { number: this.#at + 1, indent, text: text.slice(indent) };
      if (raw.slice(0, indent).includes('\t')) throw this.#error(line, 'is indented with a tab');
      return line;
    }
    return undefined;
  }

  #block(indent: number): unknown {
    return isItem(this.#peek()!.text) ? this.#list(indent) : this.#mapping(indent);
  }

  #list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.#peek(); line?.indent === indent && isItem(line.text); line = this.#peek()) {
      const rest = line.text.slice(1).trimStart();
      if (keyOf(rest) !== undefined) throw this.#error(line, 'is a list of mappings, which is not supported here');
      this.#at++;
      items.push(rest === '' ? this.#nested(indent, line) : this.#scalar(rest, line));
    }
    return items;
  }

  #mapping(indent: number): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (let line = this.#peek(); line !== undefined && line.indent >= indent; line = this.#peek()) {
      if (line.indent > indent) throw this.#error(line, 'is indented more than its neighbours');
      const key = keyOf(line.text);
      if (line.text === '---') throw this.#error(line, 'begins another document, which is not supported here');
      if (key === undefined) throw this.#error(line, "must be 'key: value'");
      this.#at++;
      const rest = line.text.slice(key.length).trimStart();
      Object.defineProperty(values, key.name, {
        value: this.#value(rest, line),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return values;
  }

  #value(rest: string, line: Line): unknown {
    if (rest === '') return this.#nested(line.indent, line);
    return /^[|>][+-]?$/.test(rest) ? this.#blockText(rest, line.indent) : this.#scalar(rest, line);
  }

  #nested(indent: number, parent: Line): unknown {
    const next = this.#peek();
    const deeper =
      next !== undefined && (next.indent > indent || (next.indent === indent && isItem(next.text) && !isItem(parent.text)));
    return deeper ? this.#block(next.indent) : null;
  }

  #blockText(style: string, indent: number): string {
    const lines: string[] = [];
    for (; this.#at < this.#raw.length; this.#at++) {
      const raw = this.#raw[this.#at]!;
      if (raw.trim() !== '' && raw.length - raw.trimStart().length <= indent) break;
      lines.push(raw);
    }
    const margin = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length));
    const text = lines
      .map((line) => line.slice(margin))
      .join('\n')
      .trimEnd();
    const folded = style.startsWith('>') ? text.replace(/([^\n])\n(?=[^\n])/g, '$1 ') : text;
    return style.endsWith('-') || folded === '' ? folded : `${folded}\n`;
  }

  #scalar(text: string, line: Line): unknown {
    if (text.startsWith('[')) return this.#flowList(text, line);
    if (text === '{}') return {};
    if (/^[&*!{|>%@`]/.test(text)) throw this.#error(line, `uses '${text[0]}', which is not supported here; quote the value`);
    if (text.startsWith('"') || text.startsWith("'")) return this.#quoted(text, line);
    return plainScalar(text);
  }

  #flowList(text: string, line: Line): unknown[] {
    if (!text.endsWith(']')) throw this.#error(line, 'has a list that does not end on the same line');
    const items = text.slice(1, -1).match(/\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]+)/g) ?? [];
    return items.filter((item) => item.trim() !== '').map((item) => this.#scalar(item.trim(), line));
  }

  #quoted(text: string, line: Line): string {
    if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.#error(line, 'has a quoted value that is not closed or holds an unknown escape');
    }
  }

  #error(line: Line, rule: string): SyntaxError {
    return new SyntaxError(`line ${line.number} ${rule}`);
  }
}

function isItem(text: string): boolean {
  return text === '-' || text.startsWith('- ');
}

function keyOf(text: string): { readonly name: string; readonly length: number } | undefined {
  const match = /^(?:"((?:[^"\\])*)"|'([^']*)'|([^\s'"[\]{}#&*!|>%@`-][^#]*?|-[^\s][^#]*?))\s*:(?=\s|$)/.exec(text);
  if (!match) return undefined;
  return { name: match[1] ?? match[2] ?? match[3]!, length: match[0].length };
}

// A '#' starts a comment only at the start or after a blank, and not inside quotes.
function withoutComment(line: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (quote !== '' && (char === '\\' || (char === "'" && line[at + 1] === "'"))) at += char === '\\' && quote === "'" ? 0 : 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if ((char === '"' || char === "'") && /(^|[\s:[,-])$/.test(line.slice(0, at))) quote = char;
    else if (char === '#' && (at === 0 || /\s/.test(line[at - 1]!))) return line.slice(0, at);
  }
  return line;
}

function plainScalar(text: string): unknown {
  if (/^(null|~)$/i.test(text)) return null;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/^[+-]?(\d+|\d*\.\d+)$/.test(text) && Number.isSafeInteger(Math.trunc(Number(text))) && !/^0\d/.test(text))
    return Number(text);
  return text;
}
