import { defineOptions, option } from '@millrace/core';
import { expect, expectTypeOf, it } from 'vitest';
import { defineProcessor, defineSink, defineSource, isAppDefinition } from '../../src/index.ts';
import { make, process, source, sink, surroundings } from '../harness.ts';

const options = defineOptions({ count: option.int('my.count', { doc: 'How many.', default: 2 }) });

it('defines a source by a generator, whose options have their types', async () => {
  const app = defineSource({
    name: 'numbers',
    description: 'Counts.',
    options,
    *generate(context) {
      expectTypeOf(context.options.count).toEqualTypeOf<number>();
      for (let number = 0; number < context.options.count; number++) yield [{ number }, { number: -number }];
    },
  });
  const { seen, ended } = source(app, { 'my.count': '2' });
  await ended;
  expect(seen.map((message) => message.text())).toEqual(['{"number":0}', '{"number":0}', '{"number":1}', '{"number":-1}']);
});

it('stops asking a generator for more once it is told to stop', async () => {
  let made = 0;
  const app = defineSource({
    name: 'endless',
    description: 'Counts.',
    async *generate() {
      for (;;) yield ((made++, await Promise.resolve(1)));
    },
  });
  const { count, stop, ended } = source(app, {});
  await count(3);
  stop.abort();
  await ended;
  expect(made).toBeGreaterThanOrEqual(3);
});

it('defines a processor by a function', () => {
  const app = defineProcessor({
    name: 'twice',
    description: 'Doubles.',
    options,
    process: (message, context) => Array.from({ length: context.options.count }, () => message),
  });
  expect(process(app, { 'my.count': '3' }, make('x'))).toHaveLength(3);
});

it('closes sinks', async () => {
  const events: string[] = [];
  const app = defineSink({
    name: 'closing',
    description: 'Closes.',
    create: () => ({ handle: () => void events.push('handled'), close: () => void events.push('closed') }),
  });
  await sink(app, surroundings(app), [make('x')]);
  expect(events).toEqual(['handled', 'closed']);
});

it('refuses names that no pipeline could hold', () => {
  expect(() => defineProcessor({ name: 'a b', description: 'X.', process: () => undefined })).toThrow(
    expect.objectContaining({ reason: 'APP_INVALID' }),
  );
});

it('isAppDefinition tells apps from other exports', () => {
  expect(isAppDefinition(defineProcessor({ name: 'a', description: 'X.', process: () => undefined }))).toBe(true);
  for (const other of [undefined, null, 'a', {}, { kind: 'source', name: 'x' }]) expect(isAppDefinition(other)).toBe(false);
});
