import { expect, it } from 'vitest';
import { defineSink } from '../../src/index.ts';
import { bench } from './fixtures.ts';

function stuck(handled: () => void) {
  return defineSink({
    name: 'stuck',
    description: 'Never finishes.',
    handle() {
      handled();
      return new Promise<void>(() => undefined);
    },
  });
}

it('a pipeline whose sink is stuck ends with the reason all the same', async () => {
  const stop = new AbortController();
  const { run } = bench([stuck(() => stop.abort())]);
  const running = run('fused', ['p = emit --items="[1, 2]" | stuck'], { signal: stop.signal, drainMs: 50 });
  await expect(running).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', reason: 'CLOSE_TIMEOUT' });
});

it('gives what a stuck sink had back to the destination it came from', async () => {
  const stop = new AbortController();
  const { run, publish, texts } = bench([stuck(() => stop.abort())]);
  await publish('orders', [1]);
  const first = await run('fused', ['p = :orders > stuck'], { signal: stop.signal, drainMs: 50 });
  expect(first.completed).toBe(false);
  const again = new AbortController();
  const second = run('fused', ['p = :orders > collect'], { signal: again.signal });
  await expect.poll(() => texts()).toEqual(['1']);
  again.abort();
  await second;
});
