import { expect, it } from 'vitest';
import { runExample } from '../run-example.ts';

it('sells every seat once although a clerk is killed at work', { timeout: 60_000 }, async () => {
  const shown = await runExample('ticket-reservation/main.ts', '--seats', '40');
  expect(shown).toContain('50 passengers, 40 seats, one clerk killed at work');
  expect(shown).toContain('sold 40, sold twice 0, refused because sold out 10');
});
