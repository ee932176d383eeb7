import { DslError } from '../errors.ts';
import type { StreamNode } from './ast.ts';
import { parseStream } from './parser.ts';

/** One definition of a text that holds several, one per line (`name = apps`); quoted values may span lines. */
export interface StreamLine {
  /** Where it starts in the whole text; positions in nodes and errors count from here. */
  readonly start: number;
  readonly text: string;
  readonly node?: StreamNode;
  readonly error?: DslError;
}

/** How many lines one quoted value may span. */
const spanLimit = 20;

/** Parses every definition of a text with one per line. Blank lines are skipped; a line that is refused carries its error. */
export function parseStreams(text: string): StreamLine[] {
  const rows = text.split('\n');
  const lines: StreamLine[] = [];
  let start = 0;
  for (let row = 0; row < rows.length;) {
    const span = rows[row]!.trim() === '' ? undefined : readSpan(rows, row, start);
    if (span !== undefined) lines.push(span.line);
    const used = span?.rows ?? 1;
    start += rows.slice(row, row + used).reduce((length, line) => length + line.length + 1, 0);
    row += used;
  }
  return lines;
}

// A quote that does not end on its line may end on a later one; if it does not, the fault is on the first line.
function readSpan(rows: readonly string[], row: number, start: number): { readonly line: StreamLine; readonly rows: number } {
  const first = readLine(rows[row]!, start);
  if (!isUnclosed(first.error)) return { line: first, rows: 1 };
  for (let count = 2; count <= spanLimit && row + count <= rows.length; count++) {
    const line = readLine(rows.slice(row, row + count).join('\n'), start);
    if (line.node !== undefined) return { line, rows: count };
  }
  return { line: first, rows: 1 };
}

function isUnclosed(error: DslError | undefined): boolean {
  return error?.codeName === 'NON_TERMINATING_QUOTED_STRING' || error?.codeName === 'NON_TERMINATING_DOUBLE_QUOTED_STRING';
}

function readLine(text: string, start: number): StreamLine {
  try {
    return { start, text, node: parseStream(text) };
  } catch (error) {
    if (error instanceof DslError) return { start, text, error };
    throw error;
  }
}
