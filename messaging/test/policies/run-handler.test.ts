import { expect, test } from 'vitest';
import { runHandler } from '../../src/policies/run-handler.ts';
import { Tracing } from '../../src/policies/tracing.ts';
import { gate, turn } from '../support.ts';

const tracing = new Tracing(() => Promise.resolve(undefined));

test('a synchronous handler answers synchronously, and throws as it does', () => {
  expect(runHandler(tracing, {}, () => 5)).toBe(5);
  expect(() =>
    runHandler(tracing, {}, () => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
});

test('an asynchronous handler settles as its promise does', async () => {
  expect(await runHandler(tracing, {}, () => Promise.resolve(5))).toBe(5);
  await expect(runHandler(tracing, {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('an error that escapes fails the handler while it runs, and nothing afterwards', async () => {
  const hold = gate();
  let fail!: (error: unknown) => boolean;
  const handled = runHandler(tracing, {}, () => {
    fail = tracing.current()!.fail!;
    return hold.promise;
  });
  expect(fail(new Error('escaped'))).toBe(true);
  await expect(handled).rejects.toThrow('escaped');
  hold.resolve();
  await turn();
  expect(fail(new Error('again'))).toBe(false);
});
