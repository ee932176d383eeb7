/** A row of a table: its cells, and what separates it from the next. */
export interface Row {
  readonly cells: readonly string[];
  /** How this row's cells stand (default: to the left). */
  readonly align?: readonly Alignment[];
  /** A line beneath it. */
  readonly line?: 'solid' | 'dotted';
}

/** `middle`: to the left, in the middle of its row's height; `center`: in the middle both ways. */
export type Alignment = 'left' | 'middle' | 'center';

/** A table as Spring Shell draws it: a double frame, a heading in the middle of its columns, rows to the left. */
export interface Table {
  /** None for tables without a heading. */
  readonly heading?: readonly string[];
  readonly rows: readonly Row[];
}

/** Draws a table that is at most `width` columns wide where its longest words allow that. Ends without a line break. */
export function drawTable({ heading, rows }: Table, width: number): string {
  const all = [...(heading === undefined ? [] : [heading]), ...rows.map(({ cells }) => cells)];
  const widths = columnWidths(all, width);
  const rule = (left: string, fill: string, cross: string, right: string): string =>
    left + widths.map((each) => fill.repeat(each)).join(cross) + right;
  const lines = [rule('╔', '═', '╤', '╗')];
  if (heading !== undefined) {
    lines.push(
      ...drawRow(
        heading,
        widths,
        heading.map(() => 'center'),
      ),
    );
    if (rows.length > 0) lines.push(rule('╠', '═', '╪', '╣'));
  }
  rows.forEach(({ cells, align = [], line }, i) => {
    lines.push(...drawRow(cells, widths, align));
    if (line === undefined || i === rows.length - 1) return;
    lines.push(line === 'solid' ? rule('╟', '─', '┼', '╢') : rule('╟', '┈', '┼', '╢'));
  });
  lines.push(rule('╚', '═', '╧', '╝'));
  return lines.join('\n');
}

/** Names and values, the names to the right and the values to the left of ` = `. */
export function drawProperties(properties: Readonly<Record<string, string | boolean | null>>, sign = ' = '): string {
  const names = Object.keys(properties);
  const width = longest(names);
  return names.map((name) => `${name.padStart(width)}${sign}${properties[name] ?? ''}`).join('\n');
}

function drawRow(cells: readonly string[], widths: readonly number[], align: readonly Alignment[]): string[] {
  const wrapped = cells.map((cell, i) => wrap(cell, widths[i]!));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = wrapped.map((lines, i) => {
      const top = align[i] === 'center' || align[i] === 'middle' ? Math.floor((height - lines.length) / 2) : 0;
      return fit(lines[line - top] ?? '', widths[i]!, align[i] ?? 'left', lines);
    });
    return `║${parts.join('│')}║`;
  });
}

function fit(text: string, width: number, align: Alignment, lines: readonly string[]): string {
  if (align !== 'center') return text.padEnd(width);
  // The block of lines is what stands in the middle.
  const block = Math.max(...lines.map((line) => line.length));
  const left = Math.floor((width - block) / 2);
  const inner = lines.length > 1 ? text.padEnd(block) : text;
  return `${' '.repeat(left)}${inner}`.padEnd(width);
}

/** Each column gets what its longest line takes; where that is too much, its longest word and a share of what is left. */
function columnWidths(rows: readonly (readonly string[])[], width: number): readonly number[] {
  const columns = rows[0]?.length ?? 0;
  const cellsOf = (column: number): readonly string[] => rows.map((row) => row[column] ?? '');
  const wanted = Array.from({ length: columns }, (_, i) => longest(cellsOf(i).flatMap((cell) => cell.split('\n'))));
  const room = width - columns - 1;
  const sum = total(wanted);
  if (sum <= room) return wanted;
  const least = Array.from({ length: columns }, (_, i) => longest(cellsOf(i).flatMap((cell) => cell.split(/\s+/))));
  const spare = Math.max(0, room - total(least));
  const share = Math.min(1, spare / Math.max(1, sum - total(least)));
  return least.map((each, i) => each + Math.floor((wanted[i]! - each) * share));
}

function wrap(cell: string, width: number): readonly string[] {
  return cell.split('\n').flatMap((line) => wrapLine(line, width));
}

function wrapLine(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
