import type { LogFile } from './log-file.ts';
import { LineReader } from './line-reader.ts';

const perStream = 10;
const longest = 500;

/** The end of what an instance wrote, with its error output last: for whoever asks why it ended. */
export function lastLinesOf(stdout: LogFile, stderr: LogFile): readonly string[] {
  return [stdout, stderr].flatMap((file) => {
    const reader = new LineReader(file, perStream);
    const lines: string[] = [];
    for (let some = reader.next(); some.length > 0; some = reader.next()) lines.push(...some);
    return [...lines, ...reader.last()].slice(-perStream).map((line) => line.slice(0, longest));
  });
}
