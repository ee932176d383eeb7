import { describe, expect, it } from 'vitest';
import { compile } from '@millrace/expressions';

const order = JSON.stringify({
  id: 7,
  price: 12.5,
  whole: 5.0,
  name: 'tea',
  items: [
    { sku: 'a', n: 1 },
    { sku: 'b', n: 3 },
  ],
  nothing: null,
  deep: { er: { x: true } },
});
const message = {
  // JSON.stringify would print the double as 5.
  payload: order.replace('"whole":5', '"whole":5.0'),
  headers: { type: 'order', count: 3, 'content-type': 'application/json', at: 1_767_225_600_000 },
};
const text = { payload: 'Hello, World', headers: {} };
const bytes = { payload: new TextEncoder().encode('{"a": 1}'), headers: {} };

/** What an expression prints, as Java would. */
const printed: readonly (readonly [string, string, object?])[] = [
  // literals
  ['1', '1'],
  ['1L', '1'],
  ['0xFF', '255'],
  ['1.50', '1.5'],
  ['5.0', '5.0'],
  ['1e10', '1.0E10'],
  ['0.00001', '1.0E-5'],
  ["'it''s'", "it's"],
  ['"say ""hi"""', 'say "hi"'],
  ['true', 'true'],
  ['null', 'null'],
  ['{1, 2, 3}', '[1, 2, 3]'],
  ["{a: 1, 'b': 'x'}", '{a=1, b=x}'],
  ['{}', '[]'],
  ['{:}', '{}'],
  // arithmetic as in Java
  ['1/2', '0'],
  ['-7 / 2', '-3'],
  ['-7 % 3', '-1'],
  ['1.0/2', '0.5'],
  ['4.0/2', '2.0'],
  ['7 div 2', '3'],
  ['7 mod 4', '3'],
  ['2 + 3 * 4', '14'],
  ['(2 + 3) * 4', '20'],
  ['10 - 2 - 3', '5'],
  ['2 ^ 10', '1024'],
  ['2147483647 + 1', '-2147483648'],
  ['2147483647L + 1', '2147483648'],
  ['2147483647 * 2L', '4294967294'],
  ['9223372036854775807L + 1', '-9223372036854775808'],
  ['1 + 1.0', '2.0'],
  ['0.1 + 0.2', '0.30000000000000004'],
  ['-5', '-5'],
  ['1.0 / 0', 'Infinity'],
  ['headers.at - 1767225599999L', '1'],
  ['(headers.at - 1767225599999L) * 3000000000L', '3000000000'],
  // text
  ["'a' + 1", 'a1'],
  ["1 + 'a' + 2.0", '1a2.0'],
  ["'x' + null", 'xnull'],
  ["'5' + 3", '53'],
  ["'abc'.toUpperCase()", 'ABC'],
  ["'abc'.substring(1)", 'bc'],
  ["'abc'.substring(1, 2)", 'b'],
  ["'a,b,,'.split(',')", '[a, b]'],
  ["'a1b22c'.replaceAll('[0-9]+', '-')", 'a-b-c'],
  ["'a.b'.replace('.', '!')", 'a!b'],
  ["'aXbX'.replaceFirst('X', '')", 'abX'],
  ["'abc'.hashCode()", '96354'],
  ["'polygenelubricants'.hashCode()", '-2147483648'],
  ["' x '.trim().length()", '1'],
  ["'abc'[1]", 'b'],
  ["'abc'.charAt(2)", 'c'],
  // comparison
  ['1 == 1.0', 'true'],
  ["'5' == 5", 'false'],
  ['null == null', 'true'],
  ['3 > 2 and 2 >= 2', 'true'],
  ['3 lt 2 or 1 le 1', 'true'],
  ['not true', 'false'],
  ['!false && true', 'true'],
  ['2 between {1, 3}', 'true'],
  ["'b' > 'a'", 'true'],
  ['null < 1', 'true'],
  ["'abc' matches '[a-c]+'", 'true'],
  ["'abcd' matches '[a-c]+'", 'false'],
  ['true ? 1 : 2', '1'],
  ["null ?: 'x'", 'x'],
  ["'' ?: 'x'", 'x'],
  ["'a' instanceof T(String)", 'true'],
  ['5.0 instanceof T(Double)', 'true'],
  ['5 instanceof T(Double)', 'false'],
  // JSON text
  ['payload.id', '7'],
  ['payload.price * 2', '25.0'],
  ['payload.whole', '5.0'],
  ['payload.whole == 5', 'true'],
  ['payload.items', '[{"sku":"a","n":1},{"sku":"b","n":3}]'],
  ['payload.items.0.sku', 'a'],
  ['payload.items[1].n + 1', '4'],
  ['payload.missing', 'null'],
  ['payload.missing?.x', 'null'],
  ['payload.nothing', 'null'],
  ['payload.deep', '{"er":{"x":true}}'],
  ['payload.deep.er.x', 'true'],
  ["payload['name']", 'tea'],
  ['payload.missing > 3', 'false'],
  ["payload.name + '-' + payload.id", 'tea-7'],
  ["#jsonPath(payload, '$.items[0].sku')", 'a'],
  ["#jsonPath(payload, '$.items[*].n')", '[1,3]'],
  ["#jsonPath(payload, '$..sku')", '["a","b"]'],
  ["#jsonPath(payload, '$.items[?(@.n > 2)].sku')", '["b"]'],
  ["#jsonPath(payload, '$.items[-1].sku')", 'b'],
  ["#jsonPath(payload, '$.items.length()')", '2'],
  ['#jsonPath(payload, "$[\'name\']")', 'tea'],
  // headers
  ['headers.type', 'order'],
  ["headers['type'] == 'order'", 'true'],
  ["headers['content-type']", 'application/json'],
  ["headers['none']", 'null'],
  ["headers.containsKey('type')", 'true'],
  ['headers.count + 1', '4'],
  // collections
  ['{1, 2, 3, 4}.?[#this > 2]', '[3, 4]'],
  ['{1, 2, 3, 4}.^[#this > 2]', '3'],
  ['{1, 2, 3, 4}.$[#this > 2]', '4'],
  ['{1, 2, 3}.![#this * 2]', '[2, 4, 6]'],
  ['payload.items.![sku]', '[a, b]'],
  ['payload.items.?[n > 1].![sku]', '[b]'],
  ['{a: 1, b: 2}.?[value > 1]', '{b=2}'],
  ['{a: 1, b: 2}.![key]', '[a, b]'],
  ['payload.missing?.?[#this > 1]', 'null'],
  ['{1, 2}.size()', '2'],
  ['{1, 2}.contains(2)', 'true'],
  // roots and types
  ['#root.headers.type', 'order'],
  ['T(java.lang.Math).max(2, 5)', '5'],
  ['T(Math).abs(-3)', '3'],
  ['T(Math).sqrt(16)', '4.0'],
  ['T(Math).round(2.5)', '3'],
  ["T(Integer).parseInt('42') + 1", '43'],
  ['T(java.lang.Integer).MAX_VALUE', '2147483647'],
  ["T(String).join('-', {1, 2})", '1-2'],
  // plain text and bytes
  ['payload.length()', '12', text],
  ["payload.contains('World')", 'true', text],
  ['payload', 'Hello, World', text],
  ['payload.bytes.length', '12', text],
  ['new String(payload.bytes)', 'Hello, World', text],
  ['new String(payload)', '{"a": 1}', bytes],
  ["new String(payload, 'UTF-8').length()", '8', bytes],
  ['payload.a', '1', bytes],
  ['payload.length()', '8', bytes],
];

describe('an expression prints what Java prints', () => {
  it.each(printed.map(([expression, expected, root = message]) => [expression, expected, root] as const))(
    '%s → %s',
    (expression, expected, root) => {
      expect(compile(expression).print(root)).toBe(expected);
    },
  );
});

/** Wrong expressions: text, reason, position. */
const wrong: readonly (readonly [string, string, number])[] = [
  ['', 'SYNTAX', 0],
  ['payload.', 'SYNTAX', 8],
  ['1 +', 'SYNTAX', 3],
  ['1 2', 'SYNTAX', 2],
  ['(1', 'SYNTAX', 2],
  ["'abc", 'UNTERMINATED', 0],
  ['payload ~ 1', 'SYNTAX', 8],
  ['2147483648', 'BAD_NUMBER', 0],
  ['payload.toUperCase()', 'UNKNOWN_METHOD', 8],
  ["'a'.substring()", 'ARGUMENTS', 4],
  ['#foo(1)', 'UNKNOWN_FUNCTION', 0],
  ['#jsonPath(payload)', 'ARGUMENTS', 0],
  ["#jsonPath(payload, 'x')", 'BAD_PATH', 0],
  ["payload matches '('", 'BAD_PATTERN', 16],
  ["payload matches '(a)\\1'", 'BAD_PATTERN', 16],
  ['T(java.lang.Runtime).getRuntime()', 'UNKNOWN_TYPE', 0],
  ['T(Math).exec(1)', 'UNKNOWN_STATIC', 0],
  ['@bean.run()', 'NOT_ALLOWED', 0],
  ['new java.io.File("x")', 'NOT_ALLOWED', 0],
  ['payload = 1', 'NOT_ALLOWED', 8],
  ['payload++', 'NOT_ALLOWED', 7],
];

describe('a wrong expression is refused when it is defined', () => {
  it.each(wrong)('%s: %s at %i', (expression, reason, position) => {
    expect(() => compile(expression)).toThrow(
      expect.objectContaining({ name: 'ExpressionError', code: 'INVALID_ARGUMENT', reason, position }) as Error,
    );
  });

  it('suggests the method that was meant', () => {
    expect(() => compile('payload.toUperCase()')).toThrow("did you mean 'toUpperCase'?");
  });

  it('points at the position', () => {
    try {
      compile('payload ~ 1');
      expect.unreachable();
    } catch (error) {
      expect((error as { caret(): string }).caret()).toBe('payload ~ 1\n        ^');
      expect(error).toMatchObject({ found: "'~'" });
    }
  });
});

/** Failing evaluations: text, reason, the part that is named. */
const failing: readonly (readonly [string, string, string])[] = [
  ['1/0', 'DIVISION_BY_ZERO', '1/0'],
  ['payload.missing.x', 'NULL_TARGET', 'payload.missing.x'],
  ['payload.name > 3', 'OPERANDS', 'payload.name > 3'],
  ['true + 1', 'OPERANDS', 'true + 1'],
  ["'a' * 2", 'OPERANDS', "'a' * 2"],
  ['-payload.name', 'OPERAND', '-payload.name'],
  ["#jsonPath(payload, '$.none')", 'PATH_NOT_FOUND', "#jsonPath(payload, '$.none')"],
  ["'abc'[5]", 'BAD_INDEX', "'abc'[5]"],
  ["'abc'.length", 'NO_PROPERTY', "'abc'.length"],
  ['payload.id.size()', 'NO_METHOD', 'payload.id.size()'],
  ['1 + {1, 2}', 'OPERANDS', '1 + {1, 2}'],
  ["T(Integer).parseInt('x')", 'OPERAND', "T(Integer).parseInt('x')"],
  ['payload.name ? 1 : 2', 'OPERAND', 'payload.name'],
];

describe('a failing evaluation names the part that failed', () => {
  it.each(failing)('%s: %s', (expression, reason, subExpression) => {
    expect(() => compile(expression).evaluate(message)).toThrow(
      expect.objectContaining({ code: 'FAILED_PRECONDITION', reason, subExpression }) as Error,
    );
  });

  it('says that a length is a method', () => {
    expect(() => compile('payload.length').evaluate(text)).toThrow('write length()');
  });
});

it('tells where in a JSON path the fault is', () => {
  expect(() => compile("#jsonPath(payload, '$.items[?(@.sku =~ /x/i)].n')")).toThrow("is wrong at its position 16: expected ')'");
});

describe('names of the root, where they are known', () => {
  const options = { rootNames: ['payload', 'headers'] };

  it.each([
    ['paylod', 0, "there is no 'paylod' at position 0 of 'paylod'; there is payload and headers; did you mean 'payload'?"],
    ['1 + #root.foo', 4, "there is no 'foo'"],
    ['#this.x', 0, "there is no 'x'"],
    ['payload.![a + {1}.![b]].size() + c', 33, "there is no 'c'"],
  ])('%s is refused', (expression, position, problem) => {
    expect(() => compile(expression, options)).toThrow(expect.objectContaining({ reason: 'UNKNOWN_NAME', position }) as Error);
    expect(() => compile(expression, options)).toThrow(problem);
  });

  it.each([
    'payload.paylod',
    'payload.![name + #this.other]',
    '#root.headers',
    "headers['x']",
    '{payload: 1, other: 2}',
    '#variable',
  ])('%s is not', (expression) => expect(() => compile(expression, options)).not.toThrow());
});
