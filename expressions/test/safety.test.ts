import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, ExpressionError } from '@millrace/expressions';

const root = { payload: '{"a": 1}', headers: { h: 'x', map: new Map([['k', 1]]) }, list: [1, 2, 3] };

/** Runs a text to its end; anything but a value or the language's own error is a failure. */
function run(text: string): unknown {
  try {
    return compile(text, { limits: { steps: 20_000, resultLength: 100_000 } }).print(root);
  } catch (error) {
    if (error instanceof ExpressionError) {
      expect(error.position).toBeGreaterThanOrEqual(0);
      expect(error.position).toBeLessThanOrEqual(text.length);
      return error;
    }
    throw error;
  }
}

describe('nothing of the host is reached', () => {
  it.each([
    'constructor',
    '__proto__',
    'payload.constructor',
    'payload.__proto__',
    "headers['__proto__']",
    "headers['constructor']",
    'toString',
    'headers.toString',
    'list.constructor',
    'headers.hasOwnProperty',
    "headers['map']['__proto__']",
    '#this.constructor',
    '#root.__proto__',
    '{:}.constructor',
    "{a: 1}['__proto__']",
  ])('%s is nothing', (text) => {
    const result = run(text);
    expect(result === 'null' || result instanceof ExpressionError).toBe(true);
  });

  it.each([
    "payload.constructor.constructor('return process')()",
    'payload.getClass()',
    "headers.__lookupGetter__('x')",
    'T(java.lang.Runtime)',
    'T(process).exit()',
    "''.getClass().forName('java.lang.Runtime')",
    '#process',
    "headers.map.constructor('x')",
    "new Function('return 1')",
    'payload.valueOf()',
  ])('%s is refused or null', (text) => {
    const result = run(text);
    expect(result === 'null' || result instanceof ExpressionError).toBe(true);
  });

  it('leaves prototypes as they were', () => {
    run("{'__proto__': {polluted: true}}");
    run('#jsonPath(\'{"__proto__": {"polluted": true}}\', \'$..polluted\')');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('work and size are bounded', () => {
  it.each([
    ['deep parentheses', '('.repeat(5000) + '1' + ')'.repeat(5000), 'TOO_LARGE'],
    ['deep negation', '-'.repeat(9000) + '1', 'NOT_ALLOWED'],
    ['deep not', '!'.repeat(9000) + 'true', 'TOO_LARGE'],
    ['deep lists', '{'.repeat(5000), 'TOO_LARGE'],
    ['long text', `'${'x'.repeat(20_000)}'`, 'TOO_LARGE'],
    ['repetition', "'x'.repeat(1000000000)", 'LIMIT'],
    ['growth', "'xxxxxxxxxx'.repeat(9999).replace('x', '0123456789012345')", 'LIMIT'],
    [
      'nested selections',
      '{1,2,3,4,5,6,7,8,9}.![#root.list.![#root.list.![#root.list.![#root.list.![#root.list.![#root.list.![#root.list.![#root.list]]]]]]]]',
      'LIMIT',
    ],
    ['counted repetitions', "'a' matches '((a{1,1000}){1,1000}){1,1000}'", 'BAD_PATTERN'],
  ])('%s', (_, text, reason) => {
    expect(run(text)).toMatchObject({ reason });
  });

  it('matches patterns that make other engines hang', () => {
    expect(compile("payload matches '(a+)+b'").evaluate({ payload: 'a'.repeat(50_000) })).toBe(false);
    expect(compile("payload matches '(a|a)*c'").evaluate({ payload: 'a'.repeat(50_000) })).toBe(false);
  });

  it('evaluates a long chain without nesting', () => {
    expect(compile(Array.from({ length: 1500 }, () => '1').join('+')).evaluate({})).toBe(1500);
  });

  it.each([
    ['operators', (n: number) => Array.from({ length: n }, () => '1').join('+')],
    ['properties', (n: number) => `payload${'.a'.repeat(n)}`],
    ['indexes', (n: number) => `payload${'[0]'.repeat(n)}`],
    ['projections', (n: number) => `{1}${'.![1]'.repeat(n)}`],
  ])('refuses a chain of %s that would exhaust the stack', (_, chain) => {
    expect(run(chain(1501))).toMatchObject({ reason: 'TOO_LARGE' });
  });

  it('bounds all texts that one evaluation builds, however they are built', () => {
    const many = `'${'x,'.repeat(100)}'.split(',')`;
    for (const text of [
      `${many}.!['x'.repeat(99999).toUpperCase()].size()`,
      `${many}.!['x'.repeat(99999) + #this].size()`,
      `${many}.!['x'.repeat(99999).length()].size()`,
    ]) {
      const limits = { resultLength: 100_000, builtLength: 1_000_000 };
      expect(() => compile(text, { limits }).evaluate({})).toThrow(expect.objectContaining({ reason: 'LIMIT' }) as Error);
    }
  });

  it('counts the work of going through long texts', () => {
    const expression = compile(`payload.split(',').![#root.text.contains('y')].size()`, { limits: { steps: 100_000 } });
    const payload = 'x,'.repeat(1000);
    expect(expression.evaluate({ payload, text: 'x' })).toBe(1000);
    expect(() => expression.evaluate({ payload, text: 'x'.repeat(1_000_000) })).toThrow(
      expect.objectContaining({ reason: 'LIMIT' }) as Error,
    );
  });
});

describe("any text ends in a value or in the language's own error", () => {
  const vocabulary = [
    'payload',
    'headers',
    '.',
    '?.',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    "'a'",
    '"b"',
    '1',
    '2L',
    '3.5',
    '0x1F',
    '+',
    '-',
    '*',
    '/',
    '%',
    '^',
    '==',
    '!=',
    '<',
    '>=',
    ' and ',
    ' or ',
    '!',
    ' matches ',
    '?',
    ':',
    '?:',
    '.?[',
    '.![',
    '.^[',
    '.$[',
    '#this',
    '#root',
    '#jsonPath(',
    ',',
    'T(Math)',
    'T(String)',
    '.length()',
    '.size()',
    '.split(',
    'null',
    'true',
    'new String(',
    '@x',
    '=',
    ' between ',
    ' instanceof ',
    '$',
    '__proto__',
    'constructor',
    '\n',
    'é',
    '\u0000',
    '&&',
    '||',
    ';',
    "'",
  ];

  it('from its own words', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...vocabulary), { maxLength: 14 }), (words) => void run(words.join(''))),
      { numRuns: 80_000, seed: 7 },
    );
  });

  it('from any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => void run(text)),
      { numRuns: 30_000, seed: 8 },
    );
  });
}, 60_000);
