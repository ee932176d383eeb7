import { expect, expectTypeOf, test } from 'vitest';
import {
  command,
  eventStream,
  region,
  type Command,
  type EventStream,
  type Millrace,
  type Region,
  type Schema,
} from '../src/index.ts';
import { Reading } from './fixtures.ts';

const Name: Schema<string> = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) } };

test('the payload type of an event stream follows from its schema', () => {
  const readings = eventStream('readings', { schema: Reading, key: (reading) => reading.sensor });
  expectTypeOf(readings).toEqualTypeOf<EventStream<Reading>>();
  eventStream('readings', {
    schema: Reading,
    // @ts-expect-error a reading has no such field
    key: (reading) => reading.station,
  });
  expect(readings).toEqual({ kind: 'eventStream', name: 'readings', options: expect.anything() });
});

test('the payload type of an event stream can be given as a type parameter', () => {
  expectTypeOf(eventStream<Reading>('readings')).toEqualTypeOf<EventStream<Reading>>();
  expectTypeOf(eventStream<Reading>('readings', { key: (reading) => reading.sensor })).toEqualTypeOf<EventStream<Reading>>();
  expectTypeOf(eventStream('anything')).toEqualTypeOf<EventStream<unknown>>();
});

test('schemas of libraries with input and output types give the output type', () => {
  const library = {
    '~standard': {
      version: 1 as const,
      vendor: 'library',
      validate: (_value: unknown): { value: Reading; issues?: undefined } | { issues: readonly { message: string }[] } => ({
        issues: [],
      }),
      types: undefined as { input: { sensor: unknown }; output: Reading } | undefined,
    },
  };
  expectTypeOf(eventStream('readings', { schema: library })).toEqualTypeOf<EventStream<Reading>>();
});

test('commands and regions infer their types from their schemas', () => {
  expectTypeOf(command('rename', { input: Reading, output: Name })).toEqualTypeOf<Command<Reading, string>>();
  expectTypeOf(command<Reading>('store')).toEqualTypeOf<Command<Reading, void>>();
  expectTypeOf(command('store', { input: Reading })).toEqualTypeOf<Command<Reading, void>>();
  expectTypeOf(region('latest', { schema: Reading })).toEqualTypeOf<Region<Reading>>();
  expectTypeOf(region<Reading>('latest')).toEqualTypeOf<Region<Reading>>();
});

test('wrong payloads are compile errors', () => {
  const readings = eventStream('readings', { schema: Reading });
  const plain = eventStream<{ id: number }>('plain');
  const store = command('store', { input: Reading, output: Name });
  // Compiled, never run: the proof is that the compiler finds each of these wrong.
  const compiled = async (mr: Millrace) => {
    // @ts-expect-error celsius is missing
    await mr.publish(readings, { sensor: 'a' });
    // @ts-expect-error celsius is a number
    await mr.publishAll(readings, [{ sensor: 'a', celsius: '31' }]);
    // @ts-expect-error id is a number
    await mr.publish(plain, { id: 'one' });
    // @ts-expect-error the input is a reading
    await mr.call(store, { name: 'x' });
    // @ts-expect-error the output is a string
    const wrong: number = await mr.call(store, { sensor: 'a', celsius: 1 });
    // @ts-expect-error a reading has no field station
    await mr.subscribe(readings, { group: 'g' }, (reading) => reading.station);
    await mr.subscribe(readings, { group: 'g' }, (reading, context) => {
      expectTypeOf(reading).toEqualTypeOf<Reading>();
      expectTypeOf(context.attempt).toBeNumber();
    });
    return wrong;
  };
  expect(compiled).toBeTypeOf('function');
});
