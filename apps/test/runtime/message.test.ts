import { notJson } from '@millrace/expressions';
import { describe, expect, it } from 'vitest';
import { message, textOf } from '../../src/index.ts';

describe('AppMessage', () => {
  it('has the content type of its payload, unless told another', () => {
    expect(message('x').contentType).toBe('text/plain');
    expect(message(new Uint8Array()).contentType).toBe('application/octet-stream');
    expect(message({}).contentType).toBe('application/json');
    expect(message('{}', { contentType: 'application/json' }).contentType).toBe('application/json');
  });

  it('gives text and value of text, bytes and values alike', () => {
    for (const payload of ['{"a":1}', Buffer.from('{"a":1}'), { a: 1 }]) {
      expect(message(payload).text()).toBe('{"a":1}');
      expect(message(payload).json()).toEqual({ a: 1 });
    }
    expect(message('no JSON').json()).toBeUndefined();
    expect(textOf(null)).toBe('null');
  });

  it('parses once', () => {
    const one = message('{"a":1}');
    expect(one.json()).toBe(one.json());
  });

  it('keeps numbers exact for expressions', () => {
    const one = message('{"a":5.0,"b":12345678901234567}');
    expect(one.json()).toMatchObject({ a: 5 });
    expect(JSON.stringify((one.exactJson() as { a: unknown }).a)).toBe('5.0');
    expect((one.exactJson() as { b: unknown }).b).toBe(12345678901234567n);
    const plain = message('{"a":5}');
    expect(plain.exactJson()).toBe(plain.json());
    expect(message('no JSON').exactJson()).toBe(notJson);
    expect(message('null').exactJson()).toBeNull();
  });

  it('makes up an id that stays', () => {
    const one = message('x');
    expect(one.givenId).toBeUndefined();
    expect(one.id).toBe(one.id);
    expect(message('x', { id: 'mine' }).id).toBe('mine');
  });

  it('is copied with changes; text in the place of text keeps its content type', () => {
    const one = message('{}', { headers: { a: 1 }, key: 'k', id: 'i', contentType: 'application/json' }, 5);
    const other = one.with({ payload: 'x' });
    expect(other).toMatchObject({ payload: 'x', headers: { a: 1 }, key: 'k', timestamp: 5, contentType: 'application/json' });
    expect(other.givenId).toBeUndefined();
    expect(one.with({ payload: Buffer.from('x') }).contentType).toBe('application/octet-stream');
    expect(one.with({ headers: { b: 2 } })).toMatchObject({ payload: '{}', headers: { b: 2 }, contentType: 'application/json' });
  });
});
