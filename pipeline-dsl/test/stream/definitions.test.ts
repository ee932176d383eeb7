import { expect, it } from 'vitest';
import { parseStreams } from '@millrace/pipeline-dsl';

it('parses one definition per line and says where each starts', () => {
  const lines = parseStreams('a = web | log\n\n  b = :a.web > audit\r\nweb |\n');
  expect(lines.map(({ start, node, error }) => [start, node?.name, error?.codeName])).toEqual([
    [0, 'a', undefined],
    [15, 'b', undefined],
    [37, undefined, 'OOD'],
  ]);
});

it('lets a quoted value span lines', () => {
  const [line, next] = parseStreams("a = web --p='one\ntwo' | log\nb = x | y");
  expect(line!.node!.apps[0]!.args[0]!.value).toBe('one\ntwo');
  expect([next!.start, next!.node!.name]).toEqual([28, 'b']);
});

it('reports a quote that never ends on its own line', () => {
  const lines = parseStreams("a = web --p='one\nb = x | y");
  expect(lines.map(({ node, error }) => node?.name ?? error!.codeName)).toEqual(['NON_TERMINATING_QUOTED_STRING', 'b']);
});
