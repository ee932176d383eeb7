import { describe, expect, it } from 'vitest';
import { parseTask, taskGraphToText, taskToGraph, type TaskGraph, type TaskGraphLink } from '@millrace/pipeline-dsl';

const graphOf = (text: string) => taskToGraph(parseTask(text, { name: 'etl' }));
const roundTrip = (text: string) => taskGraphToText(graphOf(text));

function sketch({ nodes, links }: TaskGraph): string {
  const shown = links.map(({ from, to, properties }) => `${from}-${properties?.transitionName ?? ''}>${to}`);
  return `${nodes.map(({ id, name }) => `${id}:${name}`).join(' ')} | ${shown.join(' ')}`;
}

it('has the form of the designer', () => {
  expect(graphOf("l: a --p='x y' 'F'->b && c")).toEqual({
    nodes: [
      { id: '0', name: 'START' },
      { id: '1', name: 'a', properties: { p: 'x y' }, metadata: { label: 'l' } },
      { id: '2', name: 'b' },
      { id: '3', name: 'c' },
      { id: '4', name: 'END' },
    ],
    links: [
      { from: '0', to: '1' },
      { from: '1', to: '2', properties: { transitionName: 'F' } },
      { from: '1', to: '3' },
      { from: '3', to: '4' },
      { from: '2', to: '4' },
    ],
  });
});

// The first five were produced by the original.
it.each([
  ['<a || b> && <c || d>', '0:START 1:a 2:b 3:SYNC 4:c 5:d 6:END | 0->1 0->2 1->3 2->3 3->4 3->5 4->6 5->6'],
  ['<a 1->k || b> && c', '0:START 1:a 2:k 3:b 4:c 5:END | 0->1 1-1>2 0->3 1->4 2->4 3->4 4->5'],
  ['a *->k', '0:START 1:a 2:k 3:END | 0->1 1-*>2 1->3 2->3'],
  ['x: a && b 1->:x && c', '0:START 1:a 2:b 3:c 4:END | 0->1 1->2 2-1>1 2->3 3->4'],
  ['a 1->$END 2->$FAIL && b 1->$END', '0:START 1:a 2:$END 3:$FAIL 4:b 5:END | 0->1 1-1>2 1-2>3 1->4 4-1>2 4->5'],
  [
    '<a 1->:x || b 2->:x> && c;x: d && e',
    '0:START 1:a 2:d 3:e 4:b 5:d 6:e 7:c 8:END | 0->1 1-1>2 2->3 0->4 4-2>5 5->6 1->7 3->7 4->7 6->7 7->8',
  ],
  ['a;x: b', '0:START 1:a 2:b 3:END | 0->1 1->3 2->3'],
])('%s', (text, expected) => {
  expect(sketch(graphOf(text))).toBe(expected);
});

it.each([
  'a 1->:x && b;x: c && d 2->:y;y: e',
  'x: a && b 1->:x && c',
  "a '*'->:z 'F'->k && b && z: c",
  '<a 1->:x || b 2->:x> && c;x: d && e',
  'a 1->:s && b && s: <c || d>',
  'a 1->:s;s: <c || d> && e',
  'a 1->:y;x: b && y: c 2->:x',
  '<a 1->k && b> && c',
  'a 1->x: b 2->:x && c',
  'a;unused: b && c',
  '<<a || b> && <c || d> || e>',
])('comes back from its graph: %s', (text) => {
  expect(roundTrip(text)).toBe(text);
});

it('drops what the graph does not say', () => {
  expect(roundTrip('s: <a && (b && c)>')).toBe('a && b && c');
  expect(roundTrip('<a || <b && c || d>>')).toBe('<a || b && c || d>');
});

it('raises an undefined label that parsing was told to let pass', () => {
  expect(() => taskToGraph(parseTask('a 1->:x', { validate: false }))).toThrow("the label 'x'");
});

it('stops before copies of shared sequences fill the memory', () => {
  const names = Array.from({ length: 24 }, (_, index) => `s${index}`);
  const sequences = names.map((name, index) => `${name}: <a${name} 1->:s${index + 1} || b${name} 1->:s${index + 1}>`);
  expect(() => graphOf(['m 1->:s0', ...sequences, 's24: z'].join(';'))).toThrow('more than 10000 nodes');
});

function linkOf(text: string): TaskGraphLink {
  const [from, code, to] = text.split(/-|>/);
  const link = { from: from!, to: to! };
  return code === '' ? link : Object.assign(link, { properties: { transitionName: code! } });
}

function build(names: string, links: string): TaskGraph {
  return { nodes: names.split(' ').map((name) => ({ id: name, name })), links: links.split(' ').map(linkOf) };
}

describe('a graph that was drawn', () => {
  it('gets labels where two transitions share a target', () => {
    expect(taskGraphToText(build('START a b k END', 'START->a a->b b->END a-1>k b-1>k k->END'))).toBe('a 1->:k2 && b 1->k2: k');
  });

  it('gets a sequence where a transition leads to several apps', () => {
    expect(taskGraphToText(build('START a k l END', 'START->a a->END a-1>k k->l l->END'))).toBe('a 1->:k2;k2: k && l');
  });

  it('reads FAIL and END behind a transition as the ends of the task', () => {
    expect(taskGraphToText(build('START a FAIL END', 'START->a a->END a-1>FAIL a-2>END'))).toBe('a 1->$FAIL 2->$END');
  });

  it.each([
    ['START a', 'START->a', 'no END node'],
    ['a END', 'a->END', 'no START node'],
    ['START a END', 'START->a a->nowhere', "'nowhere'"],
    ['START a b END', 'START->a a->END b->b', 'form a circle'],
    ['START a b END', 'START->a a->b b->a', 'do not join there'],
    ['START a b x y END', 'START->a START->b a->x a->y b->x b->y x->END y->END', 'cross'],
    ['START a b k c END', 'START->a START->b a->c b->c a-1>k k->d c->d d->END', "'d'"],
  ])('is refused: %s %s', (names, links, problem) => {
    expect(() => taskGraphToText(build(names, links))).toThrow(problem);
  });
});
