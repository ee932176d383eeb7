import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineOptions, expandOptionNames, findOption, option, optionSource, readOptions } from '../../src/index.ts';
import type { OptionsOf } from '../../src/index.ts';

const options = defineOptions({
  expression: option.expression('filter.function.expression', { doc: 'Keeps what it is true for.', default: 'true' }),
  port: option.int('server.port', { doc: 'Where to listen.', default: 8080, min: 0, max: 65535 }),
  delay: option.duration('file.supplier.delay-when-empty', { doc: 'Pause.', default: 1000 }),
  mode: option.enum('file.consumer.mode', { doc: 'How.', values: ['contents', 'lines', 'ref'], default: 'contents' }),
  markers: option.boolean('file.consumer.with-markers', { doc: 'Markers.' }),
  names: option.list('http.names', { doc: 'Names.', default: ['*'] }),
  headers: option.map('header.enricher.headers', { doc: 'Headers.', default: {} }),
  pattern: option.pattern('file.supplier.filename-regex', { doc: 'Names wanted.' }),
  queue: option.string('rabbit.supplier.queue', { doc: 'The queue.', aliases: ['rabbit.queue'] }),
});

const read = (values: Record<string, unknown>) => readOptions(options, optionSource(values));

describe('readOptions', () => {
  it('gives defaults, and undefined where there is none', () => {
    expect(read({})).toEqual({
      expression: 'true',
      port: 8080,
      delay: 1000,
      mode: 'contents',
      markers: undefined,
      names: ['*'],
      headers: {},
      pattern: undefined,
      queue: undefined,
    });
  });

  it('has the types of the specs', () => {
    expectTypeOf<OptionsOf<typeof options>['port']>().toEqualTypeOf<number>();
    expectTypeOf<OptionsOf<typeof options>['markers']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<OptionsOf<typeof options>['mode']>().toEqualTypeOf<'contents' | 'lines' | 'ref'>();
  });

  it.each([
    [{ 'server.port': '9000' }, { port: 9000 }],
    [{ 'SERVER.PORT': 9000 }, { port: 9000 }],
    [{ 'file.supplier.delayWhenEmpty': 'PT1M30.5S' }, { delay: 90_500 }],
    [{ 'file.supplier.delay_when_empty': '500ms' }, { delay: 500 }],
    [{ 'file.supplier.delay-when-empty': '250' }, { delay: 250 }],
    [{ 'file.consumer.mode': 'LINES' }, { mode: 'lines' }],
    [{ 'file.consumer.with-markers': 'true' }, { markers: true }],
    [{ 'file.consumer.with-markers': '' }, { markers: undefined }],
    [{ 'http.names': 'a, b,,c' }, { names: ['a', 'b', 'c'] }],
    [{ 'http.names': ['a', 'b'] }, { names: ['a', 'b'] }],
    [{ 'header.enricher.headers': "a='x=y'\\nb=payload.id\nc=1" }, { headers: { a: "'x=y'", b: 'payload.id', c: '1' } }],
    [{ 'header.enricher.headers.a-b': '1' }, { headers: { 'a-b': '1' } }],
    [{ 'rabbit.queue': 'orders' }, { queue: 'orders' }],
    [{ 'rabbit.supplier.queue': '\\"\\"' }, { queue: '' }],
    [{ 'server.port': '\\"\\"' }, { port: 8080 }],
  ])('reads %j', (given, expected) => {
    expect(read(given)).toMatchObject(expected);
  });

  it.each([
    [{ 'server.port': '70000' }, "Option 'server.port' must be at most 65535, but is '70000'."],
    [{ 'server.port': '12x' }, "Option 'server.port' must be a whole number, but is '12x'."],
    [{ 'file.supplier.delay-when-empty': 'soon' }, 'must be a duration'],
    [{ 'file.consumer.mode': 'words' }, 'must be one of contents, lines, ref'],
    [{ 'file.consumer.with-markers': 'maybe' }, 'must be true or false'],
    [{ 'file.supplier.filename-regex': '(' }, 'must be a regular expression'],
    [{ 'header.enricher.headers': 'nothing' }, "'nothing' has no '='"],
    [{ 'rabbit.queue': { a: 1 } }, 'must be text'],
  ])('refuses %j', (given, message) => {
    expect(() => read(given)).toThrow(
      expect.objectContaining({ reason: 'OPTION_INVALID', message: expect.stringContaining(message) }),
    );
  });

  it('raises OPTION_REQUIRED naming the option', () => {
    const required = defineOptions({ url: option.string('x.url', { doc: 'Where.', required: true }) });
    expect(() => readOptions(required, optionSource({}))).toThrow(/'x.url' is required; give --url=…/);
  });

  it('does not show the value of a secret in an error', () => {
    const secret = defineOptions({ pin: { ...option.int('x.pin', { doc: 'Pin.' }), secret: true } });
    expect(() => readOptions(secret, optionSource({ 'x.pin': 'hunter2' }))).toThrow(/but is '\*{6}'/);
  });
});

describe('findOption', () => {
  it.each(['port', 'server.port', 'Server.PORT'])('finds the port as %s', (typed) => {
    expect(findOption(options, typed)).toBe(options.port);
  });

  it.each(['delayWhenEmpty', 'delay_when_empty', 'delay-when-empty'])('finds short names written as %s', (typed) => {
    expect(findOption(options, typed)).toBe(options.delay);
  });

  it('names all candidates of an ambiguous short name', () => {
    const clash = defineOptions({
      a: option.string('a.name', { doc: 'A.' }),
      b: option.string('b.name', { doc: 'B.' }),
    });
    expect(() => findOption(clash, 'name')).toThrow(/a\.name, b\.name/);
    expect(findOption(clash, 'b.name')).toBe(clash.b);
  });
});

describe('expandOptionNames', () => {
  it('replaces short names and leaves what belongs to others', () => {
    const given = { expression: 'payload > 1', 'management.metrics.tags.a': 'b', 'header.enricher.headers.x': '1' };
    expect(expandOptionNames(options, given, "App 'x'")).toEqual({
      'filter.function.expression': 'payload > 1',
      'management.metrics.tags.a': 'b',
      'header.enricher.headers.x': '1',
    });
  });

  it.each([
    ['expresion', "did you mean 'expression'?"],
    ['filter.function.expresion', "did you mean 'filter.function.expression'?"],
    ['zzzzzzzzzzzz', 'it takes expression, port'],
  ])('refuses %s', (typed, hint) => {
    expect(() => expandOptionNames(options, { [typed]: '1' }, "App 'filter'")).toThrow(
      expect.objectContaining({ reason: 'OPTION_UNKNOWN', message: expect.stringContaining(hint) }),
    );
  });
});
