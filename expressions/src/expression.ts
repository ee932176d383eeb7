import type { Node } from './ast.ts';
import { compileNode } from './compiler.ts';
import { ExpressionError } from './errors.ts';
import { needsExactNumbers } from './exactness.ts';
import { defaultLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { parse } from './parser.ts';
import { Scope } from './scope.ts';
import type { JsonParser } from './scope.ts';
import { parseJson, render, toJs, typeName } from './values.ts';

/** What is known when an expression is compiled. */
export interface CompileOptions {
  /** Bounds of text and evaluation; those not given keep their defaults. */
  readonly limits?: Partial<Limits> | undefined;
  /** All names that the root has, so that any other is an error when the expression is compiled (default: any name may be there). */
  readonly rootNames?: readonly string[] | undefined;
}

/** What an evaluation has besides its root. */
export interface EvaluateOptions {
  /** What `#name` means. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** How text becomes JSON, for callers that parse a payload once for several expressions; must answer `notJson` for other text. */
  readonly parseJson?: JsonParser | undefined;
}

/** A compiled expression. It holds no state between evaluations and may be used concurrently. */
export interface Expression {
  readonly text: string;
  readonly ast: Node;
  /** The fields read from the root, as paths: `payload.price`, `headers.type`. For routing, translation to query languages and documentation. */
  readonly references: readonly string[];
  /** False if JSON that it reads may be parsed by `JSON.parse` instead of `parseJson` without a difference to its value. */
  readonly exactNumbers: boolean;
  /** The value as plain JavaScript. Throws {@link ExpressionError}. */
  evaluate(root: unknown, options?: EvaluateOptions): unknown;
  /** The value as the language has it, numbers with their Java type. Throws {@link ExpressionError}. */
  evaluateRaw(root: unknown, options?: EvaluateOptions): unknown;
  /** The value printed as Java prints it. Throws {@link ExpressionError}. */
  print(root: unknown, options?: EvaluateOptions): string;
}

const noVariables = Object.freeze(Object.create(null) as Record<string, unknown>);

/**
 * Compiles an expression. The root is what bare names are looked up in: a message `{ payload, headers }`, an entry's value, any plain data.
 * It reaches only own data of what it is given: no prototypes, constructors, globals or host types. Text, nesting, steps and results are bounded.
 *
 * @throws ExpressionError `INVALID_ARGUMENT` with position, found and expected for everything that can be known to be wrong.
 */
export function compile(text: string, options: CompileOptions = {}): Expression {
  const limits = options.limits === undefined ? defaultLimits : { ...defaultLimits, ...options.limits };
  const ast = parse(text, limits);
  const run = compileNode(ast, text, options.rootNames);
  const evaluateRaw = (root: unknown, given?: EvaluateOptions): unknown =>
    run(new Scope(root, given?.variables ?? noVariables, given?.parseJson ?? parseJson, limits)) ?? null;
  return {
    text,
    ast,
    get references() {
      return [...new Set(referencesOf(ast))];
    },
    exactNumbers: needsExactNumbers(ast),
    evaluateRaw,
    evaluate: (root, given) => toJs(evaluateRaw(root, given)),
    print: (root, given) => render(evaluateRaw(root, given)),
  };
}

/** Makes a condition of an expression: a value that is no boolean is an error, not false. */
export function toPredicate(expression: Expression): (root: unknown, options?: EvaluateOptions) => boolean {
  return (root, options) => {
    const value = expression.evaluateRaw(root, options);
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw new ExpressionError('OPERAND', expression.text, expression.ast, { expected: 'a boolean', found: typeName(value) });
  };
}

function referencesOf(node: Node): readonly string[] {
  const path = pathOf(node);
  if (path !== undefined) return path === '' ? [] : [path];
  return childrenOf(node).flatMap(referencesOf);
}

function pathOf(node: Node): string | undefined {
  if (node.kind === 'root') return '';
  if (node.kind === 'property') return joined(node.target, node.name);
  if (node.kind === 'index' && node.index.kind === 'literal' && typeof node.index.value === 'string')
    return joined(node.target, node.index.value);
  return undefined;
}

function joined(target: Node | undefined, name: string): string | undefined {
  const before = target === undefined ? '' : pathOf(target);
  return before === undefined ? undefined : before === '' ? name : `${before}.${name}`;
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? (value.flat() as unknown[]) : [value]))
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'start' in value;
}
