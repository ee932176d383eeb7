import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { conflate, knewBefore } from '../../src/data-events/conflate.ts';
import { changeEvent, type TrackedEvent } from '../../src/data-events/tracked-event.ts';

type Kind = 'created' | 'updated' | 'removed' | 'expired' | 'entered' | 'changed' | 'left';

function event(kind: Kind, version: number, value?: string, previous?: string): TrackedEvent {
  const [now, before] = [value, previous].map((text) => (text === undefined ? undefined : Buffer.from(text)));
  const rest = {
    key: 'k',
    contentType: 'text/plain',
    version,
    time: version,
    origin: undefined,
    metadata: {},
    position: String(version),
  };
  return changeEvent({ kind, value: now, previous: before, ...rest }, kind, before);
}

it.each<[Kind, Kind, Kind]>([
  ['created', 'updated', 'created'],
  ['updated', 'updated', 'updated'],
  ['updated', 'removed', 'removed'],
  ['created', 'expired', 'expired'],
  ['removed', 'created', 'updated'],
  ['entered', 'changed', 'entered'],
  ['changed', 'left', 'left'],
  ['left', 'entered', 'changed'],
])('%s, then %s, is %s', (first, second, both) => {
  const one = event(first, 1);
  expect(conflate(one, event(second, 2), knewBefore(one)).kind).toBe(both);
});

it('is what the second says, with the previous value of the first', () => {
  expect(conflate(event('updated', 1, 'b', 'a'), event('updated', 2, 'c', 'b'), true)).toEqual(event('updated', 2, 'c', 'a'));
});

it('leaves a watcher where all events would have left it, however they are conflated, by events that fit', () => {
  const steps = fc.array(fc.record({ value: fc.option(fc.constantFrom('x', 'y', 'z')), waits: fc.boolean() }), { maxLength: 20 });
  fc.assert(
    fc.property(steps, fc.boolean(), (history, exists) => {
      let state = exists ? 'initial' : undefined;
      let waiting: TrackedEvent | undefined;
      let told = state;
      let knew = false;
      for (const [index, { value, waits }] of history.entries()) {
        const next = value ?? undefined;
        if (next === undefined && state === undefined) continue;
        const kind = next === undefined ? 'removed' : state === undefined ? 'created' : 'updated';
        const one = event(kind, index, next, state);
        state = next;
        if (waiting === undefined) knew = knewBefore(one);
        waiting = waiting === undefined ? one : conflate(waiting, one, knew);
        if (waits) continue;
        told = follow(told, waiting);
        waiting = undefined;
      }
      if (waiting !== undefined) told = follow(told, waiting);
      expect(told).toBe(state);
    }),
    { numRuns: 2000 },
  );
});

/** What a watcher holds after an event; the event must fit what it held before. */
function follow(held: string | undefined, { kind, value, previous }: TrackedEvent): string | undefined {
  expect(previous?.toString()).toBe(held);
  if (kind === 'created') expect(held).toBeUndefined();
  if (kind === 'updated') expect(held).toBeDefined();
  return value?.toString();
}
