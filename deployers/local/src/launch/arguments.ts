import { raise } from '../errors.ts';

/**
 * Takes a line of options apart at its blanks, without a shell: quotes of both kinds keep blanks together, and nothing else has a
 * meaning. Throws `OPTIONS_UNBALANCED`.
 */
export function splitOptions(option: string, text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const sign of text) {
    if (quote !== undefined) {
      if (sign === quote) quote = undefined;
      else word += sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= '';
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + sign;
  }
  if (quote !== undefined) throw raise('OPTIONS_UNBALANCED', { option, text });
  return word === undefined ? words : [...words, word];
}
