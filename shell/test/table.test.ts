import { expect, it } from 'vitest';
import { drawProperties, drawTable } from '../src/table.ts';

const rows = [{ cells: ['web', 'first | second'] }, { cells: ['x', ''] }];

it('has a double frame, a heading in the middle and rows to the left', () => {
  expect(drawTable({ heading: ['Name', 'Definition'], rows }, 80)).toBe(
    [
      '╔════╤══════════════╗',
      '║Name│  Definition  ║',
      '╠════╪══════════════╣',
      '║web │first | second║',
      '║x   │              ║',
      '╚════╧══════════════╝',
    ].join('\n'),
  );
});

it('has no line beneath the heading where there are no rows', () => {
  expect(drawTable({ heading: ['A', 'B'], rows: [] }, 80)).toBe('╔═╤═╗\n║A│B║\n╚═╧═╝');
});

it('wraps at blanks and keeps the longest word whole where there is room for it', () => {
  const table = { heading: ['Key', 'Value'], rows: [{ cells: ['k', 'one two three fifteen-letters'] }] };
  expect(drawTable(table, 21).split('\n')).toEqual([
    '╔═══╤═══════════════╗',
    '║Key│     Value     ║',
    '╠═══╪═══════════════╣',
    '║k  │one two three  ║',
    '║   │fifteen-letters║',
    '╚═══╧═══════════════╝',
  ]);
});

it('breaks words where there is no room at all', () => {
  const lines = drawTable({ rows: [{ cells: ['abcdefgh'] }] }, 4).split('\n');
  expect(lines.slice(1, -1)).toEqual(['║abcdefgh║']);
});

it('aligns names to the right and values to the left', () => {
  expect(drawProperties({ port: '1', 'a.long.name': 'x' })).toBe('       port = 1\na.long.name = x');
});
