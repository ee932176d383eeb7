import type { BinaryOperator, Node } from './ast.ts';
import { ExpressionError } from './errors.ts';
import type { Span } from './errors.ts';
import { tokenize } from './lexer.ts';
import type { Token } from './lexer.ts';
import type { Limits } from './limits.ts';
import { double, long } from './numbers.ts';

const comparisons: Readonly<Record<string, BinaryOperator>> = {
  '==': '==',
  eq: '==',
  '!=': '!=',
  ne: '!=',
  '<': '<',
  lt: '<',
  '>': '>',
  gt: '>',
  '<=': '<=',
  le: '<=',
  '>=': '>=',
  ge: '>=',
  matches: 'matches',
  between: 'between',
};
const sums: Readonly<Record<string, BinaryOperator>> = { '+': '+', '-': '-' };
const products: Readonly<Record<string, BinaryOperator>> = { '*': '*', '/': '/', '%': '%', div: '/', mod: '%' };
const ors: Readonly<Record<string, BinaryOperator>> = { or: 'or', '||': 'or' };
const ands: Readonly<Record<string, BinaryOperator>> = { and: 'and', '&&': 'and' };
const collections = { '?': 'select', '^': 'first', $: 'last', '!': 'project' } as const;

/** Parses an expression to its tree. Throws {@link ExpressionError} with what was found and what was expected. */
export function parse(text: string, limits: Limits): Node {
  if (text.length > limits.textLength)
    throw new ExpressionError('TOO_LARGE', text, { start: 0, end: 0 }, { limit: limits.textLength, unit: 'characters' });
  return new Parser(text, limits).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #maxDepth: number;
  readonly #maxHeight: number;
  readonly #heights = new WeakMap<object, number>();
  #at = 0;
  #depth = 0;

  constructor(text: string, { depth, height }: Limits) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#maxDepth = depth;
    this.#maxHeight = height;
  }

  parse(): Node {
    const node = this.#expression();
    if (this.#token.kind !== 'end') throw this.#expected('an operator or the end');
    return node;
  }

  #expression(): Node {
    if (++this.#depth > this.#maxDepth)
      throw new ExpressionError('TOO_LARGE', this.#text, this.#token, { limit: this.#maxDepth, unit: 'nested parts' });
    const value = this.#chain(ors, () => this.#chain(ands, () => this.#comparison()));
    const node = this.#conditional(value);
    this.#depth--;
    return node;
  }

  #conditional(value: Node): Node {
    if (this.#take('?:')) return this.#node(value, { kind: 'elvis', value, otherwise: this.#expression() });
    if (this.#is('=') || this.#is('++') || this.#is('--'))
      throw this.#notAllowed('an assignment', 'write the new value as the result instead');
    if (!this.#take('?')) return value;
    const consequent = this.#expression();
    this.#expect(':');
    return this.#node(value, { kind: 'ternary', test: value, consequent, otherwise: this.#expression() });
  }

  // Left-associative operators of one rank. Chains are loops, so that long ones do not nest.
  #chain(operators: Readonly<Record<string, BinaryOperator>>, operand: () => Node): Node {
    let left = operand();
    for (let operator = this.#operator(operators); operator !== undefined; operator = this.#operator(operators)) {
      left = this.#node(left, { kind: 'binary', operator, left, right: operand() });
    }
    return left;
  }

  #operator(operators: Readonly<Record<string, BinaryOperator>>): BinaryOperator | undefined {
    const { kind, text } = this.#token;
    const name = kind === 'word' ? text.toLowerCase() : kind === 'symbol' ? text : '';
    if (!Object.hasOwn(operators, name)) return undefined;
    this.#at++;
    return operators[name];
  }

  #comparison(): Node {
    const left = this.#chain(sums, () => this.#chain(products, () => this.#power()));
    if (this.#takeWord('instanceof')) return this.#node(left, { kind: 'instanceof', operand: left, type: this.#typeReference() });
    const operator = this.#operator(comparisons);
    if (operator === undefined) return left;
    return this.#node(left, {
      kind: 'binary',
      operator,
      left,
      right: this.#chain(sums, () => this.#chain(products, () => this.#power())),
    });
  }

  #power(): Node {
    const base = this.#unary();
    if (!this.#take('^')) return base;
    return this.#node(base, { kind: 'binary', operator: '^', left: base, right: this.#unary() });
  }

  #unary(): Node {
    const start = this.#token;
    if (this.#is('++') || this.#is('--')) throw this.#notAllowed('an assignment', 'write the new value as the result instead');
    const operator = this.#take('-') ? '-' : this.#take('+') ? '+' : this.#take('!') || this.#takeWord('not') ? 'not' : undefined;
    if (operator === undefined) return this.#postfix(this.#primary());
    if (++this.#depth > this.#maxDepth)
      throw new ExpressionError('TOO_LARGE', this.#text, start, { limit: this.#maxDepth, unit: 'nested parts' });
    const operand = this.#unary();
    this.#depth--;
    return this.#node(start, { kind: 'unary', operator, operand });
  }

  #postfix(first: Node): Node {
    let node = first;
    for (;;) {
      const next = this.#step(node);
      if (next === undefined) return node;
      node = next;
    }
  }

  #step(target: Node): Node | undefined {
    const { text, kind } = this.#token;
    if (kind !== 'symbol') return undefined;
    if (text === '[') return this.#index(target, false);
    if (text === '.' || text === '?.') return this.#member(target, text === '?.');
    const selection = /^(\??)\.([?!^$])\[$/.exec(text);
    if (selection === null) return undefined;
    this.#at++;
    const body = this.#expression();
    this.#expect(']');
    const operation = collections[selection[2] as keyof typeof collections];
    return this.#node(target, { kind: 'collection', operation, target, body, safe: selection[1] === '?' });
  }

  #index(target: Node, safe: boolean): Node {
    this.#expect('[');
    const index = this.#expression();
    this.#expect(']');
    return this.#node(target, { kind: 'index', target, index, safe });
  }

  #member(target: Node, safe: boolean): Node {
    this.#at++;
    if (safe && this.#is('[')) return this.#index(target, true);
    // `payload.items.0.sku`: a number after the dot is an index written as a name. `0.5` was lexed as one number.
    const digits = this.#token.kind === 'int' || this.#token.kind === 'real' ? this.#next().text.split('.') : undefined;
    if (digits !== undefined)
      return digits.reduce<Node>((node, name) => this.#node(target, { kind: 'property', target: node, name, safe }), target);
    if (this.#is('#')) return this.#hash();
    return this.#named(target, safe);
  }

  #named(target: Node | undefined, safe: boolean): Node {
    const token = this.#next();
    if (token.kind !== 'word') throw this.#expected('a property or method name', token);
    const from = target ?? token;
    if (!this.#is('(')) return this.#node(from, { kind: 'property', target, name: token.text, safe });
    const at = { start: token.start, end: token.end };
    return this.#node(from, { kind: 'method', target, name: token.text, args: this.#arguments(), safe, at });
  }

  #primary(): Node {
    const token = this.#token;
    switch (token.kind) {
      case 'text':
        return this.#literal(this.#next().text);
      case 'int':
      case 'long':
      case 'hex':
      case 'real':
        return this.#literal(this.#numberValue(this.#next()));
      case 'word':
        return this.#word(token);
      case 'symbol':
        return this.#symbol(token);
      default:
        throw this.#expected('a value');
    }
  }

  #numberValue(token: Token): unknown {
    if (token.kind === 'real') return double(Number(token.text.replace(/[fFdD]$/, '')));
    const value = BigInt(token.text.replace(/[lL]$/, ''));
    const isLong = token.kind === 'long' || /[lL]$/.test(token.text);
    const bits = isLong ? 64 : 32;
    // `-2147483648` is a minus before 2147483648, which Java's int does not hold; SpEL refuses it as well.
    if (BigInt.asIntN(bits, value) !== value && !(token.kind === 'hex' && BigInt.asUintN(bits, value) === value)) {
      throw new ExpressionError('BAD_NUMBER', this.#text, token, { found: token.text });
    }
    return isLong ? long(value) : Number(BigInt.asIntN(32, value));
  }

  #word(token: Token): Node {
    const lower = token.text.toLowerCase();
    if (lower === 'true' || lower === 'false') return this.#literal(this.#next() && lower === 'true');
    if (lower === 'null') return this.#literal(this.#next() && null);
    if (token.text === 'T' && this.#tokens[this.#at + 1]?.text === '(') return this.#static(token);
    if (lower === 'new') return this.#construct(token);
    return this.#named(undefined, false);
  }

  #symbol(token: Token): Node {
    switch (token.text) {
      case '(': {
        this.#at++;
        const inner = this.#expression();
        this.#expect(')');
        return inner;
      }
      case '{':
        return this.#braces();
      case '#':
        return this.#hash();
      case '[':
        return this.#index(this.#node(token, { kind: 'this' }), false);
      case '@':
      case '&':
        throw this.#notAllowed('a bean reference', 'use the payload, headers and the functions that the language has');
      default:
        return this.#selectionOfThis(token);
    }
  }

  #selectionOfThis(token: Token): Node {
    const step = /^\??\.[?!^$]\[$/.test(token.text) ? this.#step(this.#node(token, { kind: 'this' })) : undefined;
    if (step === undefined) throw this.#expected('a value');
    return step;
  }

  #hash(): Node {
    const start = this.#next();
    const token = this.#next();
    if (token.kind !== 'word') throw this.#expected('a variable or function name', token);
    if (token.text === 'root' || token.text === 'this') return this.#node(start, { kind: token.text });
    if (!this.#is('(')) return this.#node(start, { kind: 'variable', name: token.text });
    if (token.text !== 'jsonPath') throw new ExpressionError('UNKNOWN_FUNCTION', this.#text, start, { name: token.text });
    return this.#node(start, { kind: 'function', name: token.text, args: this.#arguments() });
  }

  #braces(): Node {
    const start = this.#next();
    if (this.#take('}')) return this.#node(start, { kind: 'list', items: [] });
    if (this.#take(':')) {
      this.#expect('}');
      return this.#node(start, { kind: 'map', entries: [] });
    }
    const first = this.#expression();
    if (this.#take(':')) return this.#map(start, first);
    const items = [first];
    while (this.#take(',')) items.push(this.#expression());
    this.#expect('}');
    return this.#node(start, { kind: 'list', items });
  }

  #map(start: Span, firstKey: Node): Node {
    const entries: [Node, Node][] = [[mapKey(firstKey), this.#expression()]];
    while (this.#take(',')) {
      const key = mapKey(this.#expression());
      this.#expect(':');
      entries.push([key, this.#expression()]);
    }
    this.#expect('}');
    return this.#node(start, { kind: 'map', entries });
  }

  #static(start: Token): Node {
    const type = this.#typeReference();
    this.#expect('.');
    const member = this.#next();
    if (member.kind !== 'word') throw this.#expected('a method or constant of the type', member);
    return this.#node(start, { kind: 'static', type, name: member.text, args: this.#is('(') ? this.#arguments() : undefined });
  }

  #typeReference(): string {
    const start = this.#next();
    if (start.text !== 'T') throw this.#expected('T(type)', start);
    this.#expect('(');
    const name = this.#qualifiedName();
    this.#expect(')');
    return name;
  }

  #qualifiedName(): string {
    let name = '';
    do {
      const token = this.#next();
      if (token.kind !== 'word') throw this.#expected('a type name', token);
      name += name === '' ? token.text : `.${token.text}`;
    } while (this.#take('.'));
    return name;
  }

  #construct(start: Token): Node {
    this.#at++;
    const name = this.#qualifiedName();
    if (name !== 'String' && name !== 'java.lang.String')
      throw this.#notAllowed(`'new ${name}'`, "only 'new String(bytes)' is", start);
    return this.#node(start, { kind: 'newString', args: this.#arguments() });
  }

  #arguments(): readonly Node[] {
    this.#expect('(');
    const args: Node[] = [];
    if (this.#take(')')) return args;
    do args.push(this.#expression());
    while (this.#take(','));
    this.#expect(')');
    return args;
  }

  #literal(value: unknown): Node {
    return this.#node(this.#tokens[this.#at - 1]!, { kind: 'literal', value });
  }

  // A node reaches from where its first part begins to the end of the token before this one.
  #node<K extends object>(from: Span, fields: K): Node {
    const { end } = this.#tokens[this.#at - 1] ?? this.#token;
    const node = Object.freeze({ ...fields, start: from.start, end: Math.max(end, from.end) }) as unknown as Node;
    this.#heights.set(node, this.#heightOver(fields));
    return node;
  }

  // Compiling and evaluating follow the tree with calls, so that its height is bounded as well as what is written inside each other.
  #heightOver(fields: object): number {
    let highest = 0;
    for (const part of Object.values(fields).flat(2) as unknown[])
      if (typeof part === 'object' && part !== null) highest = Math.max(highest, this.#heights.get(part) ?? 0);
    if (highest >= this.#maxHeight)
      throw new ExpressionError('TOO_LARGE', this.#text, this.#token, { limit: this.#maxHeight, unit: 'parts in a chain' });
    return highest + 1;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  #is(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol;
  }

  #take(symbol: string): boolean {
    const found = this.#is(symbol);
    if (found) this.#at++;
    return found;
  }

  #takeWord(word: string): boolean {
    const found = this.#token.kind === 'word' && this.#token.text.toLowerCase() === word;
    if (found) this.#at++;
    return found;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw this.#expected(`'${symbol}'`);
  }

  #expected(expected: string, token: Token = this.#token): ExpressionError {
    return new ExpressionError('SYNTAX', this.#text, token, {
      expected,
      found: token.kind === 'end' ? 'the end' : `'${token.text}'`,
    });
  }

  #notAllowed(what: string, next: string, token: Token = this.#token): ExpressionError {
    return new ExpressionError('NOT_ALLOWED', this.#text, token, { what, next });
  }
}

/** A bare name as a map's key is text: `{a: 1}`. */
function mapKey(node: Node): Node {
  if (node.kind !== 'property' || node.target !== undefined) return node;
  return Object.freeze({ kind: 'literal', value: node.name, start: node.start, end: node.end });
}
