import { describe, expect, it } from 'vitest';
import { bridge } from '../../src/processors/bridge.ts';
import { filter } from '../../src/processors/filter.ts';
import { headerEnricher } from '../../src/processors/header-enricher.ts';
import { splitter } from '../../src/processors/splitter.ts';
import { transform } from '../../src/processors/transform.ts';
import type { AppMessage } from '../../src/runtime/message.ts';
import { make, process } from '../harness.ts';

const payloads = (messages: readonly AppMessage[]) => messages.map((message) => message.payload);
const json = (value: unknown) => make(JSON.stringify(value), { contentType: 'application/json' });

const filtered = (expression: string, ...messages: AppMessage[]) =>
  process(filter, { 'filter.function.expression': expression }, ...messages);
const transformed = (expression: string, ...messages: AppMessage[]) =>
  process(transform, { 'spel.function.expression': expression }, ...messages);
const split = (options: Record<string, unknown>, message: AppMessage) => process(splitter, options, message);

describe('filter', () => {
  it('keeps what the expression is true for, as it is', () => {
    const messages = [json({ celsius: 31 }), json({ celsius: 30 })];
    expect(filtered('payload.celsius > 30', ...messages)).toEqual([messages[0]]);
    expect(filtered("headers['kind'] == 'a'", make('x', { headers: { kind: 'a' } }), make('y'))).toHaveLength(1);
    expect(filtered("#jsonPath(payload, '$.celsius') > 30", ...messages)).toEqual([messages[0]]);
  });

  it('keeps everything by default', () => {
    expect(process(filter, {}, make('x'))).toHaveLength(1);
  });

  it('sees the facts of a message as headers', () => {
    expect(
      filtered(
        "headers['contentType'] == 'application/json' and headers.id == 'i7'",
        make('{}', { id: 'i7', contentType: 'application/json' }),
      ),
    ).toHaveLength(1);
  });

  it('fails at a message for which the expression is neither true nor false', () => {
    expect(() => filtered('payload.celsius', json({ celsius: 31 }))).toThrow(/gave a number instead of true or false/);
  });

  it('names the option of an expression that cannot be read', () => {
    expect(() => filtered('payload >', make('x'))).toThrow(/'filter.function.expression' of 'filter' is not a valid expression/);
  });
});

describe('transform', () => {
  it.each([
    ['payload.toUpperCase()', make('abc'), 'ABC', 'text/plain'],
    ['payload.a + 1', json({ a: 1 }), 2, 'application/json'],
    ['payload.a', json({ a: 'x' }), 'x', 'application/json'],
    ['{name: payload.a, list: {1, 2}}', json({ a: 'x' }), { name: 'x', list: [1, 2] }, 'application/json'],
    ['payload', json({ a: 'x' }), '{"a":"x"}', 'application/json'],
    ['new String(payload)', make(Buffer.from('héy'), { contentType: 'application/octet-stream' }), 'héy', 'text/plain'],
  ])('%s', (expression, message, payload, contentType) => {
    expect(transformed(expression, message)[0]).toMatchObject({ payload, contentType });
  });

  it('drops a message whose new payload is nothing', () => {
    expect(transformed('payload.missing', json({}))).toEqual([]);
  });

  it('passes payloads by default', () => {
    const message = make('x');
    expect(process(transform, {}, message)).toEqual([message]);
  });
});

describe('splitter', () => {
  it('splits by an expression and numbers the parts', () => {
    const parts = split(
      { 'splitter.expression': "#jsonPath(payload, '$.items')" },
      make('{"items":[1,{"a":2},"x"]}', { id: 'origin', headers: { h: 1 } }),
    );
    expect(payloads(parts)).toEqual([1, { a: 2 }, 'x']);
    expect(parts.map((part) => part.headers)).toEqual(
      [1, 2, 3].map((sequenceNumber) => ({ h: 1, correlationId: 'origin', sequenceNumber, sequenceSize: 3 })),
    );
  });

  it('leaves the numbers out where told to', () => {
    const [part] = split({ 'splitter.delimiters': ',', 'splitter.apply-sequence': 'false' }, make('a,b'));
    expect(part!.headers).toEqual({});
  });

  it('splits text at any of the delimiters', () => {
    expect(payloads(split({ 'splitter.delimiters': ',;' }, make(' a, b;;c ')))).toEqual(['a', 'b', 'c']);
  });

  it('splits into lines, in a character set, and with markers', () => {
    expect(payloads(split({ 'splitter.charset': 'UTF-8' }, make('a\r\nb\n')))).toEqual(['a', 'b']);
    expect(payloads(split({ 'splitter.charset': 'ISO-8859-1' }, make(Buffer.from([0xe9, 0x0a, 0x78]))))).toEqual(['é', 'x']);
    const parts = payloads(split({ 'splitter.file-markers': 'true' }, make('a\nb')));
    expect(parts.slice(1, 3)).toEqual(['a', 'b']);
    expect(JSON.parse(parts[3] as string)).toEqual({ filePath: '', mark: 'END', lineCount: 2 });
  });

  it('splits a JSON array only where told to', () => {
    expect(payloads(split({ 'splitter.json-array': 'true' }, make('[1,2]')))).toEqual([1, 2]);
    expect(payloads(split({}, make('[1,2]')))).toEqual(['[1,2]']);
    expect(payloads(split({}, make([1, 2])))).toEqual([[1, 2]]);
  });

  it('gives nothing for nothing', () => {
    expect(split({ 'splitter.expression': 'payload.missing' }, make('{}'))).toEqual([]);
  });
});

describe('header-enricher', () => {
  const message = make('{"customer":7}', { headers: { kept: 'old' } });
  const headers = "customer=payload.customer\\nkept='new'\\nmissing=payload.missing";

  it('adds computed headers and keeps those that are there', () => {
    const [enriched] = process(headerEnricher, { 'header.enricher.headers': headers }, message);
    expect(enriched).toMatchObject({ payload: message.payload, headers: { customer: 7, kept: 'old' } });
    expect(enriched!.headers).not.toHaveProperty('missing');
  });

  it('replaces headers where told to', () => {
    const options = { 'header.enricher.headers': headers, 'header.enricher.overwrite': 'true' };
    expect(process(headerEnricher, options, message)[0]!.headers['kept']).toBe('new');
  });
});

it('bridge passes messages as they are', () => {
  const message = make('x');
  expect(process(bridge, {}, message)[0]).toBe(message);
});
