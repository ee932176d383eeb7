import { raise } from '../errors.ts';
import { parsePattern, type PatternNode } from './where-pattern.ts';

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
 * Compiles a key pattern to a matcher of whole keys whose time grows with the key's length only, whatever the pattern: patterns
 * come from other people (REST, dashboard) and must not be able to hold up a broker.
 */
export function compilePattern(pattern: string): (key: string) => boolean {
  const automaton = new Automaton(pattern);
  return (key) => automaton.matches(key);
}

class Automaton {
  readonly #pattern: string;
  readonly #states: State[] = [{ kind: 'accept' }];
  readonly #first: Reached;
  readonly #known = new Map<string, Reached>();
  #ways = 0;
  #built = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const entry = this.#build(parsePattern(pattern), 0);
    this.#first = this.#reach([entry], true);
  }

  matches(key: string): boolean {
    let reached = this.#first;
    for (let index = 0; index < key.length; index++) {
      if (reached.states.length === 0) return false;
      reached = this.#step(reached, key.charCodeAt(index));
    }
    return reached.accepts;
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
    if (++this.#built > maxBuilt) throw raise('PATTERN_TOO_LARGE', { pattern: this.#pattern, limit: maxBuilt, unit: 'steps' });
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
