import { describe, expect, it } from 'vitest';
import { completeStream } from '@millrace/pipeline-dsl';
import { catalogue } from './catalogue.ts';

// `^` is the cursor, at the end where there is none.
function texts(marked: string): string[] {
  const cursor = marked.includes('^') ? marked.indexOf('^') : marked.length;
  return completeStream(marked.replace('^', ''), cursor, catalogue).map(({ text }) => text);
}

describe('apps of the type that fits', () => {
  it.each([
    ['', ['http', 'hdfs', 'orange', ':orders', ':time']],
    ['ht', ['http']],
    ['pay = h', ['pay = http', 'pay = hdfs']],
    ['http |', ['http | filter', 'http | log']],
    ['http | fi', ['http | filter']],
    ['http | fi^ | log', ['http | filter | log']],
    ['^ | log', ['http | log', 'hdfs | log', ':orders | log', ':time | log']],
    ['http | filter | ', ['http | filter | filter2: filter', 'http | filter | log']],
    ['http | a: f', ['http | a: filter']],
    [':orders > l', [':orders > log']],
    [':orders >', [':orders > filter', ':orders > log', ':orders > :orders', ':orders > :time']],
    ['orange || ', ['orange || orange2: orange']],
    ['http | x', []],
    ['http\nh', ['http\nhttp', 'http\nhdfs']],
  ])('%j', (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  it('proposes what may follow a complete app', () => {
    expect(texts('http --port=1 --use-ssl=true ')).toEqual([
      'http --port=1 --use-ssl=true | filter',
      'http --port=1 --use-ssl=true | log',
    ]);
    expect(texts('http | log --level=x ')).toEqual([]);
  });
});

describe('options', () => {
  it.each([
    ['http', ['http --port=', 'http --use-ssl=']],
    ['http -', ['http --port=', 'http --use-ssl=']],
    ['http --', ['http --port=', 'http --use-ssl=']],
    ['http --po', ['http --port=']],
    ['http --port=1 --', ['http --port=1 --use-ssl=']],
    ['http --^ | log', ['http --port= | log', 'http --use-ssl= | log']],
    ['http | f: filter --expre', ['http | f: filter --expression=', 'http | f: filter --expresso=']],
    ['http | http --', []],
    ['nothing --', []],
    [':orders --', [':orders --group=']],
    ['http > :orders --', []],
  ])('%j', (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  it('describes them', () => {
    expect(completeStream('http --p', 8, catalogue)).toEqual([
      { text: 'http --port=', insert: 'port=', from: 7, to: 8, kind: 'option', description: 'where it listens; default: 8080' },
    ]);
  });
});

describe('values', () => {
  it.each([
    ['http --use-ssl=', ['http --use-ssl=true', 'http --use-ssl=false']],
    ['http --use-ssl=t', ['http --use-ssl=true']],
    ['http --use-ssl=true', []],
    ['http | filter --expresso=', ['SINGLE', 'DOUBLE', "'TO GO'"].map((value) => `http | filter --expresso=${value}`)],
    ["http | filter --expresso='T", ["http | filter --expresso='TO GO'"]],
    ['http --port=', []],
    ['http --nothing=', []],
  ])('%j', (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });
});

describe('destinations', () => {
  it.each([
    [':', [':orders', ':time']],
    [':ti', [':time']],
    ['http > ', ['http > :orders', 'http > :time']],
    ['http >', ['http > :orders', 'http > :time']],
    ['http > :o', ['http > :orders']],
    ['http > :orders', []],
    ['pay = http | f: filter | log\n:p', ['pay = http | f: filter | log\n:pay.http', 'pay = http | f: filter | log\n:pay.f']],
  ])('%j', (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });
});

it('answers nothing for text that cannot be understood, and takes any cursor', () => {
  expect(texts('wéb | ')).toEqual([]);
  expect(completeStream('ht', 99, catalogue)).toEqual(completeStream('ht', 2, catalogue));
  expect(completeStream('ht', -1, catalogue).map(({ insert }) => insert)).toContain('http');
});
