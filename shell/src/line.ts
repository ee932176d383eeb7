import { raise } from './errors.ts';

/** A word of a command line. `quoted` words are values, whatever they look like. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
  /** Where it begins in the line. */
  readonly start: number;
}

/**
 * Splits a line as Spring Shell does: words are separated by blanks, quotes keep them together, within quotes a backslash takes the
 * quote behind it as it is. A quote may begin in the middle of a word, as in `--name='a b'`. Throws `QUOTE_OPEN` unless `isOpen` allows
 * the last one to be open, which completion needs.
 */
export function wordsOf(line: string, isOpen = false): readonly Word[] {
  const words: Word[] = [];
  for (let at = skipBlanks(line, 0); at < line.length; at = skipBlanks(line, at)) {
    const word = readWord(line, at, isOpen);
    words.push(word);
    at = word.end;
  }
  return words;
}

/** Whether a line is to be left out. */
export function isComment(line: string): boolean {
  const text = line.trim();
  return text === '' || text.startsWith('//') || text.startsWith(';') || text.startsWith('#');
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && /\s/.test(line[at]!)) at++;
  return at;
}

function readWord(line: string, start: number, isOpen: boolean): Word & { readonly end: number } {
  let text = '';
  let at = start;
  let quoted = false;
  while (at < line.length && !/\s/.test(line[at]!)) {
    const sign = line[at]!;
    // Only what stands at the beginning of a value is a quote: definitions hold quotes of their own.
    const opens = (sign === '"' || sign === "'") && (at === start || /^--[\w-]+=$/.test(text));
    if (!opens) {
      text += sign;
      at++;
      continue;
    }
    const value = readQuoted(line, at, isOpen);
    quoted ||= at === start;
    text += value.text;
    at = value.end;
  }
  return { text, quoted, start, end: at };
}

function readQuoted(line: string, start: number, isOpen: boolean): { readonly text: string; readonly end: number } {
  const quote = line[start]!;
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const sign = line[at]!;
    if (sign === quote) return { text, end: at + 1 };
    if (sign === '\\' && (line[at + 1] === quote || line[at + 1] === '\\')) text += line[++at]!;
    else text += sign;
  }
  if (!isOpen) throw raise('QUOTE_OPEN', { quote, position: start });
  return { text, end: line.length };
}
