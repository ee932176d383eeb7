import { describe, expect, it } from 'vitest';
import { bindingKeys, defineStream, parseStream, streamToText } from '@millrace/pipeline-dsl';

const define = (text: string, name = 'pay') => defineStream(parseStream(text, { name }));

describe('names', () => {
  it('takes the name given outside and checks the one inside', () => {
    const node = parseStream('inner = web | log', { name: 'outer' });
    expect([node.name, node.ownName, defineStream(node).name]).toEqual(['outer', 'inner', 'outer']);
    expect(() => parseStream('9x = web | log', { name: 'outer' })).toThrow("'9x' is not a stream name");
    expect(() => parseStream('inner = web | log', { name: '9x' })).toThrow("'9x' is not a stream name");
  });

  it('calls a stream without any name s', () => {
    expect(defineStream(parseStream('web | log')).apps[1]!.bindings[bindingKeys.inputDestination]).toBe('s.web');
  });
});

describe('groups', () => {
  it.each([
    [':x --group=g > a', 'g'],
    [':x --GROUP=g > a', 'g'],
    [':x > a --group=g', 'g'],
    [':x --group=g > :y', 'g'],
    [':x > a', undefined],
    ['a > :x --group=g', undefined],
    ['a --group=g | b', undefined],
  ])('%s has group %s', (text, group) => {
    expect(define(text).group).toBe(group);
  });

  it('leaves an option of the app alone where the destination has the group', () => {
    const definition = define(':x --group=g > a --group=h --k=v');
    expect(definition.group).toBe('g');
    expect(definition.apps[0]!.options).toEqual({ group: 'h', k: 'v' });
    expect(streamToText(definition)).toBe(':x --group=g > a --group=h --k=v');
    expect(define(streamToText(definition))).toEqual(definition);
  });

  it('keeps the option of an app that reads no destination', () => {
    expect(define('a --group=g | b').apps[0]!.options).toEqual({ group: 'g' });
  });
});

describe('options', () => {
  it('stores blank values as the original does', () => {
    expect(define("a --p='' --q='  '").apps[0]!.options).toEqual({ p: '\\"\\"', q: '\\"\\"' });
  });

  it('turns content types in any spelling into bindings', () => {
    const { inputContentType, outputContentType } = bindingKeys;
    const [first, last] = define(`a --outputtype=x/y | b --INPUTTYPE=a/b --${outputContentType}=c/d`).apps;
    expect(first!.options).toEqual({});
    expect(first!.bindings[outputContentType]).toBe('x/y');
    expect(last!.options).toEqual({});
    expect(last!.bindings).toMatchObject({ [inputContentType]: 'a/b', [outputContentType]: 'c/d' });
  });

  it('lets the stream override an option that names one of its bindings', () => {
    const [first] = define(`a --${bindingKeys.outputDestination}=mine --k=v | b`).apps;
    expect(first!.options).toEqual({ k: 'v' });
    expect(first!.bindings[bindingKeys.outputDestination]).toBe('pay.a');
  });

  it('keeps such an option where the stream has no such binding', () => {
    const definition = define(`a --${bindingKeys.inputDestination}=mine | b`);
    expect(definition.apps[0]!.options).toEqual({ [bindingKeys.inputDestination]: 'mine' });
    expect(define(streamToText(definition))).toEqual(definition);
  });

  it('is not confused by names that objects have', () => {
    const definition = define('a --__proto__=x --constructor=y --toString=z');
    expect(Object.entries(definition.apps[0]!.options)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['toString', 'z'],
    ]);
    expect(define(streamToText(definition))).toEqual(definition);
  });
});

it('gives nodes that cannot be changed', () => {
  const node = parseStream(':x > l: a --p=1 | b > :y');
  const parts = [
    node,
    node.apps,
    node.apps[0],
    node.apps[0]!.args,
    node.apps[0]!.args[0],
    node.apps[0]!.label,
    node.source,
    node.sink,
  ];
  expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  expect(node.apps[0]).toEqual({
    name: 'a',
    label: { name: 'l', start: 5, end: 6 },
    args: [{ name: 'p', value: '1', start: 10, end: 15 }],
    start: 5,
    end: 15,
  });
});
