import { describe, expect, it } from 'vitest';
import { parseStreams, streamGraphToText, streamsToGraph, type StreamGraph } from '@millrace/pipeline-dsl';

const graphOf = (text: string) => streamsToGraph(parseStreams(text).map(({ node }) => node!));

it('shows apps, destinations and taps', () => {
  expect(graphOf('pay = web --port=1 | l: log\ntap = :pay.web --group=g > score > :out')).toEqual({
    nodes: [
      { id: '0', kind: 'app', name: 'web', type: 'source', properties: { port: '1' }, stream: 'pay', definition: 0 },
      { id: '1', kind: 'app', name: 'log', label: 'l', type: 'sink', stream: 'pay', definition: 0 },
      { id: '2', kind: 'app', name: 'score', type: 'processor', stream: 'tap', definition: 1 },
      { id: '3', kind: 'destination', name: 'out' },
    ],
    links: [
      { from: '0', to: '1', kind: 'pipe' },
      { from: '0', to: '2', kind: 'tap', group: 'g' },
      { from: '2', to: '3', kind: 'write' },
    ],
  });
});

it.each([
  'pay = web --port=1 | l: log',
  'pay = web | log\ntap = :pay.web > score --group=g',
  'tap = :pay.web > score\npay = web | log',
  'a = web > :x\nb = http > :x\nc = :x > log\nd = :x > l: log --k=v',
  ':in > :out',
  'web || audit\nhttp\nmail || clock',
  'pay = web --spring.cloud.stream.bindings.output.contentType=a/b | log',
  't = :other.app > log',
])('gives the text again: %s', (text) => {
  expect(streamGraphToText(graphOf(text))).toBe(text);
});

const app = (id: string, name: string, more = {}) => ({ id, kind: 'app', name, ...more }) as const;
const pipe = (from: string, to: string) => ({ from, to, kind: 'pipe' }) as const;

describe('a graph that was drawn', () => {
  it('needs no definitions or types', () => {
    const graph: StreamGraph = {
      nodes: [app('x', 'log'), app('y', 'web', { stream: 'pay', properties: { p: 'a b' } })],
      links: [pipe('y', 'x')],
    };
    expect(streamGraphToText(graph)).toBe("pay = web --p='a b' | log");
  });

  it.each<[string, StreamGraph]>([
    ['several places', { nodes: [app('1', 'a'), app('2', 'b'), app('3', 'c')], links: [pipe('1', '2'), pipe('1', '3')] }],
    ['several places', { nodes: [app('1', 'a'), app('2', 'b'), app('3', 'c')], links: [pipe('1', '3'), pipe('2', '3')] }],
    ['a circle', { nodes: [app('1', 'a'), app('2', 'b')], links: [pipe('1', '2'), pipe('2', '1')] }],
    ['does not exist', { nodes: [app('1', 'a')], links: [pipe('1', '9')] }],
    [
      'has no name',
      { nodes: [app('1', 'a'), app('2', 'b'), app('3', 'c')], links: [pipe('1', '2'), { from: '1', to: '3', kind: 'tap' }] },
    ],
    ['linked like an app', { nodes: [app('1', 'a'), { id: '2', kind: 'destination', name: 'd' }], links: [pipe('2', '1')] }],
  ])('is refused: %s', (problem, graph) => {
    expect(() => streamGraphToText(graph)).toThrow(problem);
  });
});
