import { raise } from './errors.ts';
import { compare, equal } from './operators.ts';

/** A step of a path: from one value to any number of others. */
type Step = (value: unknown, visit: (found: unknown) => void, spend: (steps: number) => void) => void;

/** A compiled JSON path: `definite` ones lead to one value, others to a list. */
export interface JsonPath {
  readonly definite: boolean;
  /** The values found, in document order. */
  find(root: unknown, spend: (steps: number) => void): readonly unknown[];
}

/**
 * Compiles the JSON path language as it is used in pipelines: names with dots and brackets, indexes (negative ones from the end), slices, unions,
 * wildcards, `..`, and filters `[?(@.price < 10 && @.name == 'x')]`. Throws `INVALID_ARGUMENT` with the position of what is wrong.
 */
export function compileJsonPath(path: string): JsonPath {
  return new PathParser(path).parse();
}

class PathParser {
  readonly #path: string;
  #at = 0;
  #definite = true;

  constructor(path: string) {
    this.#path = path;
  }

  parse(): JsonPath {
    if (!this.#take('$')) throw this.#wrong("a path begins with '$'");
    const steps = this.#steps(() => this.#at >= this.#path.length);
    const definite = this.#definite;
    return { definite, find: (root, spend) => run(steps, root, spend) };
  }

  #steps(atEnd: () => boolean): readonly Step[] {
    const steps: Step[] = [];
    while (!atEnd()) steps.push(this.#step());
    return steps;
  }

  #step(): Step {
    if (this.#take('..')) {
      this.#definite = false;
      return descend(this.#path[this.#at] === '[' ? this.#brackets() : this.#dotted());
    }
    if (this.#take('.')) return this.#dotted();
    if (this.#path[this.#at] === '[') return this.#brackets();
    throw this.#wrong("expected '.' or '['");
  }

  #dotted(): Step {
    if (this.#take('*')) return this.#wildcard();
    const name = this.#match(/[^.[\]()\s,'"*?@=<>!&|]+/y);
    if (name === undefined) throw this.#wrong('expected a name');
    if (this.#take('()')) return this.#function(name);
    return child(name);
  }

  #function(name: string): Step {
    if (name !== 'length' && name !== 'size') throw this.#wrong(`there is no function '${name}()'; there is length()`);
    return (value, visit) => {
      if (Array.isArray(value) || typeof value === 'string') visit(value.length);
      else if (isObject(value)) visit(Object.keys(value).length);
    };
  }

  #brackets(): Step {
    this.#expect('[');
    this.#space();
    const step = this.#take('*') ? this.#wildcard() : this.#take('?') ? this.#filter() : this.#union();
    this.#space();
    this.#expect(']');
    return step;
  }

  #wildcard(): Step {
    this.#definite = false;
    return (value, visit, spend) => {
      const items = childrenOf(value);
      spend(items.length);
      for (const item of items) visit(item);
    };
  }

  #union(): Step {
    const members = [this.#member()];
    for (this.#space(); this.#take(','); this.#space()) {
      this.#space();
      members.push(this.#member());
    }
    if (members.length === 1) return members[0]!;
    this.#definite = false;
    return (value, visit, spend) => {
      for (const member of members) member(value, visit, spend);
    };
  }

  #member(): Step {
    const name = this.#quoted();
    if (name !== undefined) return child(name);
    const slice = this.#match(/-?\d*:-?\d*(?::-?\d+)?/y);
    if (slice !== undefined) {
      this.#definite = false;
      return sliced(slice);
    }
    const index = this.#match(/-?\d+/y);
    if (index === undefined) throw this.#wrong('expected a quoted name, an index, a slice or a filter');
    return indexed(Number(index));
  }

  #filter(): Step {
    this.#definite = false;
    this.#expect('(');
    const test = this.#or();
    this.#expect(')');
    return (value, visit, spend) => {
      const items = childrenOf(value);
      spend(items.length);
      for (const item of items) if (test(item, spend)) visit(item);
    };
  }

  #or(): Test {
    const tests = [this.#and()];
    while (this.#operator('||')) tests.push(this.#and());
    return tests.length === 1 ? tests[0]! : (item, spend) => tests.some((test) => test(item, spend));
  }

  #and(): Test {
    const tests = [this.#condition()];
    while (this.#operator('&&')) tests.push(this.#condition());
    return tests.length === 1 ? tests[0]! : (item, spend) => tests.every((test) => test(item, spend));
  }

  #condition(): Test {
    this.#space();
    if (this.#take('!')) {
      const inner = this.#condition();
      return (item, spend) => !inner(item, spend);
    }
    if (this.#take('(')) {
      const inner = this.#or();
      this.#space();
      this.#expect(')');
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Test {
    const left = this.#operand();
    this.#space();
    const operator = this.#match(/==|!=|<=|>=|<|>/y);
    if (operator === undefined) return (item, spend) => left(item, spend) !== undefined;
    const right = this.#operand();
    this.#space();
    const holds = comparisons[operator]!;
    return (item, spend) => {
      const [a, b] = [left(item, spend), right(item, spend)];
      return a !== undefined && b !== undefined && holds(a, b);
    };
  }

  /** A value within a filter: a path from the element, or a literal. `undefined` where the path finds nothing. */
  #operand(): (item: unknown, spend: (steps: number) => void) => unknown {
    this.#space();
    if (this.#take('@')) {
      const definite = this.#definite;
      const steps = this.#steps(() => !/[.[]/.test(this.#path[this.#at] ?? ''));
      this.#definite = definite;
      return (item, spend) => run(steps, item, spend)[0];
    }
    const text = this.#quoted();
    if (text !== undefined) return () => text;
    const literal = this.#match(/true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (literal === undefined) throw this.#wrong("expected '@', a text, a number, true, false or null");
    const value: unknown = JSON.parse(literal);
    return () => value;
  }

  #operator(text: string): boolean {
    this.#space();
    return this.#take(text);
  }

  #quoted(): string | undefined {
    const found = this.#match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy);
    return found?.slice(1, -1).replace(/\\(.)/gs, '$1');
  }

  #space(): void {
    while (this.#path[this.#at] === ' ') this.#at++;
  }

  #take(text: string): boolean {
    const found = this.#path.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#wrong(`expected '${text}'`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#path)?.[0];
    if (found) this.#at += found.length;
    return found;
  }

  #wrong(problem: string): Error {
    return raise('BAD_PATH', { path: this.#path, at: this.#at, problem });
  }
}

type Test = (item: unknown, spend: (steps: number) => void) => boolean;

const comparisons: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => (compare(a, b) ?? 0) < 0,
  '<=': (a, b) => (compare(a, b) ?? 1) <= 0,
  '>': (a, b) => (compare(a, b) ?? 0) > 0,
  '>=': (a, b) => (compare(a, b) ?? -1) >= 0,
};

function run(steps: readonly Step[], root: unknown, spend: (steps: number) => void): readonly unknown[] {
  let values: unknown[] = [root];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of values) step(value, (found) => next.push(found), spend);
    values = next;
  }
  return values;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function child(name: string): Step {
  return (value, visit) => {
    if (isObject(value) && Object.hasOwn(value, name)) visit(value[name]);
  };
}

function indexed(index: number): Step {
  return (value, visit) => {
    if (!Array.isArray(value)) return;
    const at = index < 0 ? value.length + index : index;
    if (at >= 0 && at < value.length) visit(value[at]);
  };
}

function sliced(text: string): Step {
  const [from, to, by] = text.split(':').map((part) => (part === '' ? undefined : Number(part)));
  const stride = Math.max(1, by ?? 1);
  return (value, visit, spend) => {
    if (!Array.isArray(value)) return;
    const items = value.slice(from ?? 0, to);
    spend(items.length);
    for (let at = 0; at < items.length; at += stride) visit(items[at]);
  };
}

/** `..`: the step at the value itself and everything beneath it, parents first. A loop of its own, so that deep data nests no calls. */
function descend(step: Step): Step {
  return (value, visit, spend) => {
    const open: unknown[] = [value];
    while (open.length > 0) {
      const next = open.pop();
      spend(1);
      step(next, visit, spend);
      const children = childrenOf(next);
      for (let index = children.length - 1; index >= 0; index--) open.push(children[index]);
    }
  };
}
