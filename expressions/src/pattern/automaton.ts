import { raise } from '../errors.ts';
import { parsePattern } from './parse.ts';
import type { PatternNode } from './parse.ts';

/** One state of the nondeterministic automaton: a step over one code unit, or a step over nothing. */
type State =
  | { readonly kind: 'unit'; readonly test: (unit: number) => boolean; readonly next: number }
  | { readonly kind: 'split'; targets: readonly number[] }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'accept' };

/** A set of states reached together, with the ways on that were asked for so far. */
interface Reached {
  readonly states: readonly number[];
  readonly accepts: boolean;
  readonly ways: Map<number, Reached>;
}

const maxBuilt = 4000;
const maxCachedWays = 4096;

/**
 * Compiles a regular expression to a matcher of whole texts whose time grows with the text's length only, whatever the pattern: patterns
 * come from other people (definitions, REST, dashboard) and must not be able to hold up the host. Supported is what needs no
 * backtracking: classes, groups, alternatives, repetitions, anchors, the inline flags `i` and `s`.
 *
 * @throws `INVALID_ARGUMENT` for a pattern that is wrong, unsupported or too large.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const automaton = new Automaton(pattern);
  return (text) => automaton.matches(text);
}

/**
 * The matches of a pattern in a text from left to right, each the longest from where it begins, at most `limit`.
 * `spend` is told the work done, which may grow with the square of the text's length, so that a caller can bound it.
 */
export function* findMatches(
  pattern: string,
  text: string,
  limit: number,
  spend: (steps: number) => void,
): Iterable<{ readonly start: number; readonly end: number }> {
  const automaton = new Automaton(pattern);
  let found = 0;
  for (let start = 0; start <= text.length && found < limit;) {
    const { end, steps } = automaton.longestFrom(text, start);
    spend(steps);
    if (end === undefined || (end === start && start === text.length && found > 0)) {
      start++;
      continue;
    }
    found++;
    yield { start, end };
    start = end === start ? end + 1 : end;
  }
}

class Automaton {
  readonly #pattern: string;
  readonly #states: State[] = [{ kind: 'accept' }];
  readonly #first: Reached;
  readonly #later: Reached;
  readonly #known = new Map<string, Reached>();
  #ways = 0;
  #built = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const entry = this.#build(parsePattern(pattern), 0);
    this.#first = this.#reach([entry], true);
    this.#later = this.#reach([entry], false);
  }

  matches(key: string): boolean {
    let reached = this.#first;
    for (let index = 0; index < key.length; index++) {
      if (reached.states.length === 0) return false;
      reached = this.#step(reached, key.charCodeAt(index));
    }
    return reached.accepts;
  }

  /** The end of the longest match that begins at `start`, and the work it took to know. */
  longestFrom(text: string, start: number): { readonly end: number | undefined; readonly steps: number } {
    let reached = start === 0 ? this.#first : this.#later;
    let index = start;
    let end: number | undefined;
    for (;;) {
      // Only at the end of the text may `$` let through.
      if (index === text.length ? reached.accepts : reached.states.includes(0)) end = index;
      if (index === text.length || reached.states.length === 0) return { end, steps: index - start + 1 };
      reached = this.#step(reached, text.charCodeAt(index++));
    }
  }

  #step(from: Reached, unit: number): Reached {
    const known = from.ways.get(unit);
    if (known !== undefined) return known;
    const targets: number[] = [];
    for (const id of from.states) {
      const state = this.#states[id]!;
      if (state.kind === 'unit' && state.test(unit)) targets.push(state.next);
    }
    const reached = this.#reach(targets, false);
    this.#remember(from, unit, reached);
    return reached;
  }

  #remember(from: Reached, unit: number, reached: Reached): void {
    if (++this.#ways > maxCachedWays) this.#forget();
    from.ways.set(unit, reached);
  }

  #forget(): void {
    for (const reached of this.#known.values()) reached.ways.clear();
    this.#first.ways.clear();
    this.#later.ways.clear();
    this.#known.clear();
    this.#ways = 1;
  }

  #reach(entries: readonly number[], atStart: boolean): Reached {
    const states = [...this.#closure(entries, atStart, false)].sort((a, b) => a - b);
    const name = states.join();
    // The start differs from a later visit of the same states only by what `^` lets through, which the states already say.
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const accepts = this.#closure(states, atStart, true).has(0);
    const reached = { states, accepts, ways: new Map() };
    if (!atStart) this.#known.set(name, reached);
    return reached;
  }

  #closure(entries: readonly number[], atStart: boolean, atEnd: boolean): Set<number> {
    const seen = new Set(entries);
    for (const id of seen) {
      const state = this.#states[id]!;
      if (state.kind === 'split') for (const target of state.targets) seen.add(target);
      else if ((state.kind === 'start' && atStart) || (state.kind === 'end' && atEnd)) seen.add(state.next);
    }
    return seen;
  }

  #build(node: PatternNode, next: number): number {
    // Counts steps, not states: repeating nothing a billion times adds no state but takes its time.
    if (++this.#built > maxBuilt)
      throw raise('BAD_PATTERN', {
        pattern: this.#pattern,
        problem: `its counted repetitions add up to more than ${maxBuilt} steps; lower them`,
      });
    switch (node.kind) {
      case 'unit':
        return this.#add({ kind: 'unit', test: node.test, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.#build(part, after), next);
      case 'choice':
        return this.#add({ kind: 'split', targets: node.parts.map((part) => this.#build(part, next)) });
      case 'repeat':
        return this.#repeat(node.body, node.min, node.max, next);
      default:
        return this.#add({ kind: node.kind, next });
    }
  }

  #repeat(body: PatternNode, min: number, max: number, next: number): number {
    let entry = max === Infinity ? this.#loop(body, next) : next;
    const optional = max === Infinity ? 0 : max - min;
    for (let count = 0; count < optional; count++) entry = this.#add({ kind: 'split', targets: [this.#build(body, entry), next] });
    for (let count = 0; count < min; count++) entry = this.#build(body, entry);
    return entry;
  }

  #loop(body: PatternNode, next: number): number {
    const loop: State = { kind: 'split', targets: [] };
    const id = this.#add(loop);
    loop.targets = [this.#build(body, id), next];
    return id;
  }

  #add(state: State): number {
    return this.#states.push(state) - 1;
  }
}
