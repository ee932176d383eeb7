import { didYouMean } from '@millrace/core';
import type { BinaryOperator, Node } from './ast.ts';
import { ExpressionError } from './errors.ts';
import type { Span } from './errors.ts';
import { compileJsonPath } from './json-path.ts';
import type { JsonPath } from './json-path.ts';
import { methodNames, methodOf, methodsNamed } from './methods.ts';
import type { Call, Method } from './methods/table.ts';
import { arithmetic, isNumber, negate, plain, power } from './numbers.ts';
import { compare, equal } from './operators.ts';
import { compilePattern } from './pattern/automaton.ts';
import { propertyReader, readIndex } from './properties.ts';
import { stepsOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { newString, typeTable } from './types.ts';
import { decodeText, JavaList, notJson, render, typeName } from './values.ts';

/** A compiled part: its value in a scope. */
export type Evaluate = (scope: Scope) => unknown;

type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>;

/** Compiles a tree to closures, once; whatever is known to fail fails here. */
export function compileNode(node: Node, text: string, rootNames?: readonly string[]): Evaluate {
  return new Compiler(text, rootNames).compile(node);
}

class Compiler {
  readonly #text: string;
  readonly #rootNames: readonly string[] | undefined;
  /** Inside a selection or projection a bare name belongs to the element. */
  #isInBody = false;

  constructor(text: string, rootNames: readonly string[] | undefined) {
    this.#text = text;
    this.#rootNames = rootNames;
  }

  compile(node: Node): Evaluate {
    switch (node.kind) {
      case 'literal':
        return () => node.value;
      case 'root':
        return (scope) => scope.root;
      case 'this':
        return (scope) => scope.self;
      case 'variable':
        return (scope) => (Object.hasOwn(scope.variables, node.name) ? scope.variables[node.name] : null);
      case 'list':
      case 'map':
        return this.#container(node);
      case 'property':
        return this.#property(node);
      case 'index':
        return this.#index(node);
      case 'method':
        return this.#method(node);
      case 'function':
        return this.#jsonPath(node);
      case 'static':
        return this.#static(node);
      case 'newString':
        return this.#newString(node);
      case 'collection':
        return this.#collection(node);
      default:
        return this.#operator(node);
    }
  }

  #operator(node: NodeOf<'unary' | 'binary' | 'instanceof' | 'ternary' | 'elvis'>): Evaluate {
    switch (node.kind) {
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      case 'instanceof':
        return this.#instanceof(node);
      case 'ternary':
        return this.#ternary(node);
      default:
        return this.#elvis(node);
    }
  }

  #container(node: NodeOf<'list' | 'map'>): Evaluate {
    if (node.kind === 'list') {
      const items = node.items.map((item) => this.compile(item));
      return (scope) => JavaList.from(items, (item) => item(scope));
    }
    const entries = node.entries.map(([key, value]) => [this.compile(key), this.compile(value)] as const);
    return (scope) => {
      const map = new Map<unknown, unknown>();
      for (const [key, value] of entries) map.set(key(scope), value(scope));
      return map;
    };
  }

  #checkRootName({ target, name, start, end }: NodeOf<'property'>): void {
    const isOfRoot = target === undefined || target.kind === 'this' ? !this.#isInBody : target.kind === 'root';
    const known = this.#rootNames;
    if (!isOfRoot || known === undefined || known.includes(name)) return;
    throw this.#fail('UNKNOWN_NAME', { start, end }, { name, known: known.join(' and '), hint: didYouMean(name, known) });
  }

  #property(node: NodeOf<'property'>): Evaluate {
    this.#checkRootName(node);
    const read = propertyReader(node.name, this.#text, node);
    if (node.target === undefined) return (scope) => read(scope, scope.self);
    const target = this.compile(node.target);
    if (!node.safe) return (scope) => read(scope, target(scope));
    return (scope) => {
      const value = target(scope);
      return value === null || value === undefined ? null : read(scope, value);
    };
  }

  #index(node: NodeOf<'index'>): Evaluate {
    const [target, index] = [this.compile(node.target), this.compile(node.index)];
    return (scope) => {
      const value = target(scope);
      if (node.safe && (value === null || value === undefined)) return null;
      return readIndex(scope, value, index(scope), this.#text, node);
    };
  }

  #method(node: NodeOf<'method'>): Evaluate {
    const { name } = node;
    const candidates = methodsNamed(name);
    if (candidates.length === 0) throw this.#fail('UNKNOWN_METHOD', node.at, { name, hint: didYouMean(name, methodNames()) });
    this.#checkCount(node, candidates, node.at);
    if (name === 'matches' && node.args[0]?.kind === 'literal') void this.#pattern(String(node.args[0].value), node);
    const target: Evaluate = node.target === undefined ? (scope) => scope.self : this.compile(node.target);
    const args = node.args.map((arg) => this.compile(arg));
    return (scope) => {
      const value = target(scope);
      if (value === null || value === undefined) {
        if (node.safe) return null;
        throw this.#fail('NULL_TARGET', node, { name: `${name}()` });
      }
      return this.#invoke(scope, node, value, args);
    };
  }

  #invoke(scope: Scope, node: NodeOf<'method'>, target: unknown, args: readonly Evaluate[]): unknown {
    // Values that came from JSON as text are looked into by methods of text only; bytes are text too.
    const receiver = target instanceof Uint8Array && node.name !== 'toString' ? decodeText(target) : target;
    const method = methodOf(receiver, node.name);
    if (method === undefined || args.length < method.min || args.length > method.max) {
      throw this.#fail('NO_METHOD', node, { name: node.name, type: typeName(target) });
    }
    if (typeof receiver === 'string') scope.spend(stepsOf(receiver), this.#text, node);
    const result = method.call(
      receiver as never,
      args.map((arg) => arg(scope)),
      this.#call(scope, node),
    );
    if (typeof result === 'string') scope.built(result, this.#text, node);
    return result;
  }

  #checkCount(
    node: Node & { readonly name: string; readonly args?: readonly Node[] | undefined },
    candidates: readonly Method[],
    at: Span = node,
  ): void {
    const count = node.args?.length ?? 0;
    if (candidates.some(({ min, max }) => count >= min && count <= max)) return;
    const { min, max } = candidates[0]!;
    throw this.#fail('ARGUMENTS', at, {
      name: `${node.name}()`,
      expected: min === max ? String(min) : `${min} to ${max}`,
      found: count,
    });
  }

  #call(scope: Scope, node: Node): Call {
    return {
      wrong: (expected, found) =>
        this.#fail('OPERAND', node, {
          expected,
          found:
            typeof found === 'string'
              ? `'${found.slice(0, 40)}'`
              : typeName(found) === 'a number'
                ? render(found)
                : typeName(found),
        }),
      spend: (steps) => scope.spend(steps, this.#text, node),
      room: (length) => scope.room(length, this.#text, node),
    };
  }

  #jsonPath(node: NodeOf<'function'>): Evaluate {
    if (node.args.length !== 2)
      throw this.#fail('ARGUMENTS', node, { name: '#jsonPath()', expected: '2', found: node.args.length });
    const [target, path] = node.args.map((arg) => this.compile(arg)) as [Evaluate, Evaluate];
    const known = node.args[1]!.kind === 'literal' ? this.#path(String(node.args[1].value), node) : undefined;
    return (scope) => {
      const text = path(scope);
      const compiled = known ?? this.#path(String(text), node);
      return this.#findPath(scope, node, this.#parsed(scope, node, target(scope)), compiled, String(text));
    };
  }

  #findPath(scope: Scope, node: Node, root: unknown, path: JsonPath, text: string): unknown {
    const found = path.find(root, (steps) => scope.spend(steps, this.#text, node));
    if (!path.definite) return Array.from(found);
    if (found.length === 0) throw this.#fail('PATH_NOT_FOUND', node, { path: text });
    return found[0] ?? null;
  }

  #parsed(scope: Scope, node: Node, value: unknown): unknown {
    if (value === null || value === undefined) throw this.#fail('NULL_TARGET', node, { name: 'a path' });
    if (typeof value !== 'string' && !(value instanceof Uint8Array))
      return value instanceof Map ? Object.fromEntries(value) : value;
    const parsed = scope.json(typeof value === 'string' ? value : decodeText(value), this.#text, node);
    if (parsed === notJson) throw this.#fail('NOT_JSON', node, {});
    return parsed;
  }

  #path(text: string, node: Node): JsonPath {
    return this.#located(node, 'BAD_PATH', () => compileJsonPath(text));
  }

  #pattern(pattern: string, node: Node): (text: string) => boolean {
    return this.#located(node, 'BAD_PATTERN', () => compilePattern(pattern));
  }

  // Errors of the small languages inside get their place in the expression.
  #located<T>(node: Node, reason: 'BAD_PATH' | 'BAD_PATTERN', work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#fail(reason, node, (error as { details: Record<string, unknown> }).details, error);
    }
  }

  #static(node: NodeOf<'static'>): Evaluate {
    const type = typeTable.get(node.type);
    if (type === undefined)
      throw this.#fail('UNKNOWN_TYPE', node, {
        name: node.type,
        allowed: [...typeTable.keys()].filter((name) => name.includes('.')).join(', '),
      });
    const method = type.methods[node.name];
    if (node.args === undefined ? !Object.hasOwn(type.constants, node.name) : method === undefined) {
      throw this.#fail('UNKNOWN_STATIC', node, {
        name: node.name,
        type: node.type,
        allowed: [...Object.keys(type.methods), ...Object.keys(type.constants)].join(', ') || 'nothing',
      });
    }
    if (node.args === undefined) return () => type.constants[node.name];
    this.#checkCount(node, [method!]);
    const args = node.args.map((arg) => this.compile(arg));
    return (scope) =>
      method!.call(
        undefined as never,
        args.map((arg) => arg(scope)),
        this.#call(scope, node),
      );
  }

  #newString(node: NodeOf<'newString'>): Evaluate {
    if (node.args.length > 2)
      throw this.#fail('ARGUMENTS', node, { name: 'new String()', expected: '0 to 2', found: node.args.length });
    const args = node.args.map((arg) => this.compile(arg));
    return (scope) =>
      newString(
        args.map((arg) => arg(scope)),
        this.#call(scope, node),
      );
  }

  #collection(node: NodeOf<'collection'>): Evaluate {
    const target = this.compile(node.target);
    const body = this.#compileBody(node.body);
    return (scope) => {
      const value = this.#unwrap(scope, node, target(scope));
      if (value === null || value === undefined) {
        if (node.safe) return null;
        throw this.#fail('NULL_TARGET', node, { name: node.operation === 'project' ? 'a projection' : 'a selection' });
      }
      return this.#each(scope, node, value, body);
    };
  }

  #compileBody(node: Node): Evaluate {
    const outer = this.#isInBody;
    this.#isInBody = true;
    const body = this.compile(node);
    this.#isInBody = outer;
    return body;
  }

  /** JSON text stands for what it holds where a collection is wanted. */
  #unwrap(scope: Scope, node: Node, value: unknown): unknown {
    const parsed = typeof value === 'string' ? scope.json(value, this.#text, node) : value;
    return parsed === notJson ? value : parsed;
  }

  #each(scope: Scope, node: NodeOf<'collection'>, value: unknown, body: Evaluate): unknown {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
    if (!isMap && !Array.isArray(value)) throw this.#fail('OPERAND', node, { expected: 'a list or a map', found: typeName(value) });
    const items = isMap ? entriesOf(value) : (value as readonly unknown[]);
    scope.spend(items.length, this.#text, node);
    const outer = scope.self;
    try {
      return node.operation === 'project' ? this.#project(scope, items, body) : this.#select(scope, node, items, body, isMap);
    } finally {
      scope.self = outer;
    }
  }

  #project(scope: Scope, items: readonly unknown[], body: Evaluate): unknown {
    return JavaList.from(items, (item) => {
      scope.self = item;
      return body(scope);
    });
  }

  #select(scope: Scope, node: NodeOf<'collection'>, items: readonly unknown[], body: Evaluate, isMap: boolean): unknown {
    const selected = items.filter((item) => {
      scope.self = item;
      return this.#boolean(body(scope), node.body);
    });
    if (node.operation === 'select') return isMap ? asMap(selected) : JavaList.from(selected);
    const one = node.operation === 'first' ? selected[0] : selected.at(-1);
    if (one === undefined) return null;
    return isMap ? asMap([one]) : one;
  }

  #unary(node: NodeOf<'unary'>): Evaluate {
    const operand = this.compile(node.operand);
    if (node.operator === 'not') return (scope) => !this.#boolean(operand(scope), node.operand);
    return (scope) => {
      const value = operand(scope);
      if (!isNumber(value)) throw this.#fail('OPERAND', node, { expected: 'a number', found: typeName(value) });
      return node.operator === '-' ? negate(value) : value;
    };
  }

  #binary(node: NodeOf<'binary'>): Evaluate {
    if (node.operator === 'matches') return this.#matches(node);
    if (node.operator === 'between') return this.#between(node);
    const [left, right] = [this.compile(node.left), this.compile(node.right)];
    switch (node.operator) {
      case 'and':
        return (scope) => this.#boolean(left(scope), node.left) && this.#boolean(right(scope), node.right);
      case 'or':
        return (scope) => this.#boolean(left(scope), node.left) || this.#boolean(right(scope), node.right);
      case '==':
        return (scope) => equal(left(scope), right(scope));
      case '!=':
        return (scope) => !equal(left(scope), right(scope));
      case '+':
        return (scope) => this.#add(scope, node, left(scope), right(scope));
      case '<':
      case '>':
      case '<=':
      case '>=':
        return this.#compare(node, left, right);
      default:
        return (scope) => this.#calculate(node, left(scope), right(scope));
    }
  }

  #compare(node: NodeOf<'binary'>, left: Evaluate, right: Evaluate): Evaluate {
    const holds = orderings[node.operator]!;
    return (scope) => {
      const a = left(scope);
      const b = right(scope);
      const order = typeof a === 'number' && typeof b === 'number' && a !== b ? a - b : compare(a, b);
      if (order === undefined) throw this.#operands(node, a, b);
      return holds(order);
    };
  }

  #add(scope: Scope, node: NodeOf<'binary'>, left: unknown, right: unknown): unknown {
    if (isNumber(left) && isNumber(right)) return arithmetic('+', left, right);
    if (typeof left !== 'string' && typeof right !== 'string') throw this.#operands(node, left, right);
    const [a, b] = [render(left), render(right)];
    const sum = a + b;
    scope.built(sum, this.#text, node);
    return sum;
  }

  #calculate(node: NodeOf<'binary'>, left: unknown, right: unknown): unknown {
    if (typeof left === 'string' && node.operator === '*' && isNumber(right)) throw this.#operands(node, left, right);
    if (!isNumber(left) || !isNumber(right)) throw this.#operands(node, left, right);
    if (node.operator === '^') return power(left, right);
    const result = arithmetic(node.operator as '-', left, right);
    if (result === undefined) throw this.#fail('DIVISION_BY_ZERO', node, {});
    return result;
  }

  #matches(node: NodeOf<'binary'>): Evaluate {
    const [left, right] = [this.compile(node.left), this.compile(node.right)];
    const known = node.right.kind === 'literal' ? this.#pattern(String(node.right.value), node.right) : undefined;
    return (scope) => {
      const [value, pattern] = [left(scope), known === undefined ? right(scope) : ''];
      if (value === null || value === undefined) return false;
      if (typeof pattern !== 'string')
        throw this.#fail('OPERAND', node.right, { expected: 'a regular expression', found: typeName(pattern) });
      const text = typeof value === 'string' ? value : render(value);
      scope.spend(text.length, this.#text, node);
      return (known ?? this.#pattern(pattern, node.right))(text);
    };
  }

  #between(node: NodeOf<'binary'>): Evaluate {
    const [left, right] = [this.compile(node.left), this.compile(node.right)];
    return (scope) => {
      const [value, range] = [left(scope), right(scope)];
      if (!Array.isArray(range) || range.length !== 2)
        throw this.#fail('OPERAND', node.right, { expected: 'a list of two values', found: typeName(range) });
      const [low, high] = [compare(value, range[0]), compare(value, range[1])];
      if (low === undefined || high === undefined) throw this.#operands(node, value, range);
      return low >= 0 && high <= 0;
    };
  }

  #instanceof(node: NodeOf<'instanceof'>): Evaluate {
    const operand = this.compile(node.operand);
    const type = typeTable.get(node.type);
    if (type === undefined)
      throw this.#fail('UNKNOWN_TYPE', node, {
        name: node.type,
        allowed: [...typeTable.keys()].filter((name) => name.includes('.')).join(', '),
      });
    return (scope) => type.holds(operand(scope));
  }

  #ternary(node: NodeOf<'ternary'>): Evaluate {
    const [test, then, otherwise] = [this.compile(node.test), this.compile(node.consequent), this.compile(node.otherwise)];
    return (scope) => (this.#boolean(test(scope), node.test) ? then(scope) : otherwise(scope));
  }

  #elvis(node: NodeOf<'elvis'>): Evaluate {
    const [value, otherwise] = [this.compile(node.value), this.compile(node.otherwise)];
    return (scope) => {
      const found = value(scope);
      return found === null || found === undefined || found === '' ? otherwise(scope) : found;
    };
  }

  #boolean(value: unknown, node: Node): boolean {
    if (typeof value === 'boolean') return value;
    // Spring's conversion service turns these words into booleans as well.
    const word = typeof value === 'string' ? value.toLowerCase() : '';
    if (word === 'true' || word === 'yes' || word === 'on' || word === '1') return true;
    if (word === 'false' || word === 'no' || word === 'off' || word === '0') return false;
    if (isNumber(value)) return plain(value) !== 0 && plain(value) !== 0n;
    throw this.#fail('OPERAND', node, { expected: 'a boolean', found: typeName(value) });
  }

  #operands(node: NodeOf<'binary'>, left: unknown, right: unknown): ExpressionError {
    return this.#fail('OPERANDS', node, { operator: node.operator, left: typeName(left), right: typeName(right) });
  }

  #fail(
    reason: ConstructorParameters<typeof ExpressionError>[0],
    node: Span,
    details: Readonly<Record<string, unknown>>,
    cause?: unknown,
  ): ExpressionError {
    return new ExpressionError(reason, this.#text, node, details, cause);
  }
}

const orderings: Readonly<Partial<Record<BinaryOperator, (order: number) => boolean>>> = {
  '<': (order) => order < 0,
  '>': (order) => order > 0,
  '<=': (order) => order <= 0,
  '>=': (order) => order >= 0,
};

interface MapEntry {
  readonly key: unknown;
  readonly value: unknown;
}

function entriesOf(map: object): readonly MapEntry[] {
  return (map instanceof Map ? [...map] : Object.entries(map)).map(([key, value]) => ({
    key: key as unknown,
    value: value as unknown,
  }));
}

function asMap(entries: readonly unknown[]): unknown {
  return new Map((entries as readonly MapEntry[]).map(({ key, value }) => [key, value]));
}
