import { expect, it } from 'vitest';
import { loadGenerator } from '../../src/sources/load-generator.ts';
import { source } from '../harness.ts';

it('emits what every producer was asked for and ends', async () => {
  const { seen, ended } = source(loadGenerator, {
    'load-generator.producers': '3',
    'load-generator.message-count': '1200',
    'load-generator.message-size': '7',
  });
  await ended;
  expect(seen).toHaveLength(3600);
  expect(seen.every((message) => (message.payload as Uint8Array).length === 7)).toBe(true);
});

it('adds the time where asked to', async () => {
  const { seen, ended } = source(loadGenerator, {
    'load-generator.message-count': '1',
    'load-generator.generate-timestamp': 'true',
  });
  await ended;
  expect(seen[0]!.headers['generatedAt']).toBeTypeOf('number');
});

it('waits for the pipeline', async () => {
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const { seen, ended } = source(loadGenerator, { 'load-generator.message-count': '2000' }, { take: () => gate });
  await new Promise(setImmediate);
  expect(seen).toHaveLength(500);
  release();
  await ended;
  expect(seen).toHaveLength(2000);
});
