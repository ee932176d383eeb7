import type { DslError } from './errors.ts';

/**
 * An error as the original prints it: `<code>E:(pos <n>): <message>`, the definition from the start of the failing line, and a
 * line with `*` at the end of what had been understood and `^` at the fault. For broken rules of a task: one line with all.
 */
export function formatDslError(error: DslError): string {
  const { text, position, checkpoint } = error.site;
  if (error.problems.length > 0) {
    const problems = error.problems.map((problem) => heading(problem.dslCode, problem.position, problem.message));
    return `Problems found when validating '${text}': [${problems.join(', ')}]`;
  }
  const lineStart = checkpoint === undefined ? 0 : startOfLine(text, position);
  const shown = text === '' ? '' : `\n${text.slice(lineStart)}\n`;
  return `${heading(error.dslCode, position, error.message)}${shown}${marks(text, position - lineStart, lineStart, checkpoint)}`;
}

function heading(dslCode: number, position: number, message: string): string {
  return `${dslCode}E:(pos ${position}): ${message}`;
}

function startOfLine(text: string, position: number): number {
  return position === 0 ? 0 : text.lastIndexOf('\n', position - 1) + 1;
}

const caret = (gap: number): string => `${' '.repeat(gap)}^\n`;

function marks(text: string, column: number, lineStart: number, checkpoint: number | undefined): string {
  if (!checkpoint || startOfLine(text, checkpoint) !== lineStart) return caret(column);
  const starColumn = checkpoint - lineStart;
  const gap = column - starColumn - 1;
  return `${' '.repeat(starColumn)}*${gap >= 0 ? caret(gap) : ''}`;
}
