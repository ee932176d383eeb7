import { isNumber, toNumber } from '../numbers.ts';
import { compilePattern, findMatches } from '../pattern/automaton.ts';
import { compareText } from '../text-order.ts';
import { JavaList } from '../values.ts';
import { methodTable } from './table.ts';
import type { Call } from './table.ts';

const encoder = new TextEncoder();

function text(value: unknown, call: Call): string {
  if (typeof value === 'string') return value;
  throw call.wrong('text', value);
}

function count(value: unknown, call: Call): number {
  if (isNumber(value) && Number.isInteger(toNumber(value))) return toNumber(value);
  throw call.wrong('a whole number', value);
}

function substring(target: string, args: readonly unknown[], call: Call): string {
  const from = count(args[0], call);
  const to = args.length > 1 ? count(args[1], call) : target.length;
  if (from < 0 || to > target.length || from > to) throw call.wrong(`a range within 0 and ${target.length}`, `${from} to ${to}`);
  return target.slice(from, to);
}

function replace(target: string, args: readonly unknown[], call: Call): string {
  const [from, to] = [text(args[0], call), text(args[1], call)];
  const pieces = target.split(from);
  call.room(target.length + (pieces.length - 1) * to.length);
  return pieces.join(to);
}

/** Replaces matches of a pattern; `$` and `\` in the replacement stand for themselves, groups cannot be referred to. */
function replacePattern(target: string, args: readonly unknown[], call: Call, limit: number): string {
  const to = text(args[1], call);
  let result = '';
  let from = 0;
  for (const { start, end } of findMatches(text(args[0], call), target, limit, (steps) => call.spend(steps))) {
    result += target.slice(from, start) + to;
    call.room(result.length + target.length);
    from = end;
  }
  return result + target.slice(from);
}

/** Splits as Java does: around matches of a pattern, without trailing empty parts unless a negative limit asks for them. */
function split(target: string, args: readonly unknown[], call: Call): JavaList {
  const limit = args.length > 1 ? count(args[1], call) : 0;
  const parts = new JavaList();
  let from = 0;
  for (const { start, end } of findMatches(text(args[0], call), target, limit > 0 ? limit - 1 : Infinity, (steps) =>
    call.spend(steps),
  )) {
    if (end === 0) continue;
    parts.push(target.slice(from, start));
    from = end;
  }
  parts.push(target.slice(from));
  if (limit === 0) while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

function charAt(target: string, args: readonly unknown[], call: Call): string {
  const at = count(args[0], call);
  if (at < 0 || at >= target.length) throw call.wrong(`an index within 0 and ${target.length - 1}`, at);
  return target[at]!;
}

/** `String.hashCode`: h = 31·h + code unit, in signed 32 bits. */
function hashCode(target: string): number {
  let hash = 0;
  for (let index = 0; index < target.length; index++) hash = (Math.imul(31, hash) + target.charCodeAt(index)) | 0;
  return hash;
}

export const stringMethods = methodTable<string>({
  length: [0, 0, (s) => s.length],
  isEmpty: [0, 0, (s) => s === ''],
  isBlank: [0, 0, (s) => s.trim() === ''],
  toUpperCase: [0, 0, (s) => s.toUpperCase()],
  toLowerCase: [0, 0, (s) => s.toLowerCase()],
  trim: [0, 0, (s) => s.trim()],
  strip: [0, 0, (s) => s.trim()],
  stripLeading: [0, 0, (s) => s.trimStart()],
  stripTrailing: [0, 0, (s) => s.trimEnd()],
  intern: [0, 0, (s) => s],
  contains: [1, 1, (s, [part], call) => s.includes(text(part, call))],
  startsWith: [1, 2, (s, [part, from], call) => s.startsWith(text(part, call), from === undefined ? 0 : count(from, call))],
  endsWith: [1, 1, (s, [part], call) => s.endsWith(text(part, call))],
  indexOf: [1, 2, (s, [part, from], call) => s.indexOf(text(part, call), from === undefined ? 0 : count(from, call))],
  lastIndexOf: [1, 1, (s, [part], call) => s.lastIndexOf(text(part, call))],
  substring: [1, 2, substring],
  charAt: [1, 1, charAt],
  concat: [1, 1, (s, [other], call) => (call.room(s.length + text(other, call).length), s + text(other, call))],
  repeat: [
    1,
    1,
    (s, [times], call) => {
      if (count(times, call) < 0) throw call.wrong('a count from 0', times);
      call.room(s.length * count(times, call));
      return s.repeat(count(times, call));
    },
  ],
  replace: [2, 2, replace],
  replaceAll: [2, 2, (s, args, call) => replacePattern(s, args, call, Infinity)],
  replaceFirst: [2, 2, (s, args, call) => replacePattern(s, args, call, 1)],
  matches: [1, 1, (s, [pattern], call) => (call.spend(s.length), compilePattern(text(pattern, call))(s))],
  split: [1, 2, split],
  lines: [0, 0, (s) => JavaList.from(s.split(/\r\n|\n|\r/))],
  equals: [1, 1, (s, [other]) => s === other],
  equalsIgnoreCase: [1, 1, (s, [other]) => typeof other === 'string' && s.toLowerCase() === other.toLowerCase()],
  compareTo: [1, 1, (s, [other], call) => compareText(s, text(other, call))],
  compareToIgnoreCase: [1, 1, (s, [other], call) => compareText(s.toLowerCase(), text(other, call).toLowerCase())],
  hashCode: [0, 0, hashCode],
  getBytes: [0, 1, (s) => encoder.encode(s)],
});
