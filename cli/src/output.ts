import { styleText } from 'node:util';
import { MillraceError, messageOf } from '@millrace/core';

/** Where a command's results go: text for people, or one JSON document a line with `--json`. */
export interface Output {
  readonly json: boolean;
  /** Whether a person watches: colours and moving progress are welcome. */
  readonly interactive: boolean;
  line(text: string): void;
  /** One result: its JSON form, or the text made from it. */
  record(value: unknown, text: (value: never) => string): void;
  /** Rows under headings, aligned; one JSON line per row with `--json`. */
  table(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[], empty: string): void;
  /** Something beside the result, on the error stream. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    interactive: process.stdout.isTTY && !json,
    line: print,
    record: (value, text) => print(json ? toJson(value) : text(value as never)),
    table(rows, columns, empty) {
      if (json) for (const row of rows) print(toJson(row));
      else if (rows.length === 0) this.note(empty);
      else for (const line of alignRows(rows, columns)) print(line);
    },
    note: (text) => void process.stderr.write(`${text}\n`),
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** JSON that also holds what messages may hold: 64-bit integers as numbers where exact, bytes as base64. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, converted: unknown) {
    // A Buffer has become something else by now.
    const item = this[key] instanceof Uint8Array ? this[key] : converted;
    if (typeof item === 'bigint') return Number.isSafeInteger(Number(item)) ? Number(item) : item.toString();
    if (item instanceof Uint8Array) return { base64: Buffer.from(item).toString('base64') };
    return item instanceof Map ? Object.fromEntries(item) : item;
  });
}

/** Bytes for people: text where they are UTF-8. */
export function readable(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `base64:${Buffer.from(bytes).toString('base64')}`;
  }
}

function alignRows(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((row) => row[index]!.length)));
  const format = (row: readonly string[]): string =>
    row
      .map((text, index) => text.padEnd(widths[index]!))
      .join('  ')
      .trimEnd();
  return [styleText('bold', format(columns.map((column) => column.toUpperCase()))), ...cells.map(format)];
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  return typeof value === 'string' ? value : toJson(value);
}

/** How a failure is told: code, what, rule and next step; the stack only when asked for. */
export function formatError(error: unknown, options: { readonly json: boolean; readonly debug: boolean }): string {
  if (options.json)
    return toJson(error instanceof MillraceError ? error.toJSON() : { code: 'INTERNAL', message: messageOf(error) });
  const text = error instanceof MillraceError ? `${error.code}: ${error.message}` : messageOf(error);
  const stack = options.debug && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return `${styleText('red', 'millrace:', { stream: process.stderr })} ${text}${stack}`;
}
