import { quoteText } from '../lexing/values.ts';

/** Whether a transition code needs no quotes: it can be lexed as a number, and fits into 32 bits. */
export function isExitCode(code: string): boolean {
  return /^\d+$/.test(code) && Number(code) <= 0x7fffffff;
}

/** A transition code as it is written: `bare`, or in single quotes. */
export function codeText(code: string, bare: boolean): string {
  return bare ? code : quoteText(code);
}
