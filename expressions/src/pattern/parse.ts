import { messageOf } from '@millrace/core';
import { raise } from '../errors.ts';

/** A parsed pattern. `unit` consumes one UTF-16 code unit; `start` and `end` consume nothing. */
export type PatternNode =
  | { readonly kind: 'unit'; readonly test: (unit: number) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' };

const maxLength = 1000;
const refusedEscapes: Readonly<Record<string, string>> = {
  b: 'a word boundary',
  B: 'a word boundary',
  k: 'a back reference',
  p: 'a Unicode property',
  P: 'a Unicode property',
};
const escapeLengths: Readonly<Record<string, number>> = { x: 4, u: 6, c: 3 };

/**
 * Parses the part of JavaScript's regular expressions that needs no backtracking: classes, groups, alternatives, repetitions,
 * anchors and the inline flags `i` and `s`. Throws `INVALID_ARGUMENT` for anything else.
 */
export function parsePattern(pattern: string): PatternNode {
  if (pattern.length > maxLength)
    throw raise('BAD_PATTERN', { pattern, problem: `it has more than ${maxLength} characters; shorten it` });
  try {
    // The engine knows the grammar best; what it accepts only needs taking apart.
    void new RegExp(pattern);
  } catch (error) {
    throw raise('BAD_PATTERN', { pattern, problem: messageOf(error) }, error);
  }
  return new PatternParser(pattern).choice('');
}

class PatternParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  choice(flags: string): PatternNode {
    const parts = [this.#sequence(flags)];
    while (this.#take('|')) parts.push(this.#sequence(flags));
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(flags: string): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) parts.push(this.#repeated(this.#item(flags)));
    return { kind: 'sequence', parts };
  }

  #item(flags: string): PatternNode {
    if (this.#take('^')) return { kind: 'start' };
    if (this.#take('$')) return { kind: 'end' };
    if (this.#text[this.#at] === '(') return this.#group(flags);
    return unit(this.#atom(), flags);
  }

  #group(flags: string): PatternNode {
    const opening = this.#match(/\((?:\?:|\?<[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*>|\?([ims]*)(?:-([ims]*))?:)?/uy)!;
    if (this.#text[this.#at] === '?') throw this.#refused('a look-around');
    const inner = this.choice(withFlags(flags, opening[1] ?? '', opening[2] ?? ''));
    this.#take(')');
    return inner;
  }

  #repeated(body: PatternNode): PatternNode {
    const counts = this.#match(/(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y);
    if (counts === undefined) return body;
    const [, sign, min, comma, max] = counts;
    if (sign !== undefined) return { kind: 'repeat', body, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    return { kind: 'repeat', body, min: Number(min), max: comma === '' ? Number(min) : max === '' ? Infinity : Number(max) };
  }

  /** The source text of one code unit's worth of pattern. */
  #atom(): string {
    const first = this.#text[this.#at]!;
    if (first === '[') return this.#match(/\[(?:\\.|[^\]\\])*\]/sy)![0];
    return this.#cut(first === '\\' ? this.#escapeLength() : 1);
  }

  #escapeLength(): number {
    const letter = this.#text[this.#at + 1]!;
    if (letter >= '1' && letter <= '9') throw this.#refused('a back reference');
    const refused = Object.hasOwn(refusedEscapes, letter) ? refusedEscapes[letter] : undefined;
    if (refused !== undefined) throw this.#refused(refused);
    return Object.hasOwn(escapeLengths, letter) ? escapeLengths[letter]! : 2;
  }

  #take(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #cut(length: number): string {
    const start = this.#at;
    this.#at += length;
    return this.#text.slice(start, this.#at);
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #refused(feature: string): Error {
    return raise('BAD_PATTERN', {
      pattern: this.#text,
      problem: `it uses ${feature} at position ${this.#at}, which cannot be matched in bounded time; rewrite it without`,
    });
  }
}

function withFlags(flags: string, added: string, removed: string): string {
  return [...new Set(flags + added)].filter((flag) => flag !== 'm' && !removed.includes(flag)).join('');
}

function unit(atom: string, flags: string): PatternNode {
  if (atom.length === 1 && atom !== '.' && flags === '') {
    const code = atom.charCodeAt(0);
    return { kind: 'unit', test: (found) => found === code };
  }
  const single = new RegExp(`^(?:${atom})$`, flags);
  return { kind: 'unit', test: (found) => single.test(String.fromCharCode(found)) };
}
