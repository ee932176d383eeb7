import { expect, it } from 'vitest';
import { runExample } from '../run-example.ts';

it('tells of prices that enter, change within and leave a condition', async () => {
  const lines = (await runExample('price-board/main.ts')).trimEnd().split('\n');
  expect(lines).toEqual([
    'wall: G1 120 €, G2 80 €',
    'hunter: entered G1 95 €, was 120 €',
    'hunter: changed G1 90 €, was 95 €',
    'hunter: left G1 130 €, was 90 €',
    'hunter: snapshot G2 80 €',
    'hunter: removed G2, was 80 €',
    'wall: G1 130 €',
  ]);
});
