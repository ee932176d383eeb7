import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegionChangeEvent, WatchEvent, WireEntry } from '../../src/binder/index.ts';
import { ChangeTracker, type TrackerOptions } from '../../src/data-events/change-tracker.ts';
import type { TrackedEvent } from '../../src/data-events/tracked-event.ts';

const full: TrackerOptions = {
  conditional: false,
  startsWithSnapshot: true,
  versions: true,
  previousValue: true,
  differences: true,
  now: () => 1000,
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

const isPositive = (value: Uint8Array): boolean => text(value)!.startsWith('+');

function entry(key: string, value: string, version: number, time = version): WireEntry {
  return { key, value: bytes(value), contentType: 'text/plain', version, time };
}

function change(
  kind: RegionChangeEvent['kind'],
  key: string,
  version: number,
  more: { value?: string; previous?: string } = {},
): WatchEvent {
  const [value, previous] = [more.value, more.previous].map((one) => (one === undefined ? undefined : bytes(one)));
  const rest = { contentType: 'text/plain', origin: 'o', metadata: {}, position: `p${version}`, time: version };
  return { kind, key, value, previous, version, ...rest };
}

const snapshot = (one: WireEntry): WatchEvent => ({ kind: 'snapshot', key: one.key, entry: one, position: 's' });
const live: WatchEvent = { kind: 'live', position: 'live' };
const gap: WatchEvent = { kind: 'gap', reason: 'too old', position: 'g' };

function tell(tracker: ChangeTracker, ...events: WatchEvent[]): string[] {
  return events.flatMap((event) => tracker.accept(event)).map(short);
}

const short = ({ kind, key, value, previous }: TrackedEvent): string =>
  [kind, key, text(value), previous === undefined ? undefined : `was ${text(previous)}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');

describe('ChangeTracker', () => {
  it('passes snapshot, live and changes through', () => {
    const tracker = new ChangeTracker(full);
    const told = tell(
      tracker,
      snapshot(entry('a', '1', 1)),
      live,
      change('updated', 'a', 2, { value: '2', previous: '1' }),
      change('removed', 'a', 3),
    );
    expect(told).toEqual(['snapshot a 1', 'live', 'updated a 2 was 1', 'removed a']);
  });

  it('leaves out changes that were told before, also of removed keys and clearings', () => {
    const tracker = new ChangeTracker(full);
    const history = [
      change('created', 'a', 1, { value: '1' }),
      change('removed', 'a', 2),
      change('created', 'b', 1, { value: '1' }),
    ];
    const after = [change('cleared', '', 3), change('created', 'b', 4, { value: '4' })];
    tell(tracker, live, ...history, ...after);
    expect(tell(tracker, ...history, ...after)).toEqual([]);
  });

  it('accepts a removal that carries the version it removed', () => {
    const tracker = new ChangeTracker(full);
    expect(tell(tracker, live, change('created', 'a', 1, { value: '1' }), change('removed', 'a', 1))).toHaveLength(3);
  });

  it('tells a snapshot after a gap as differences', () => {
    const tracker = new ChangeTracker(full);
    tell(tracker, snapshot(entry('same', '1', 1)), snapshot(entry('old', '1', 1)), snapshot(entry('gone', '1', 1)), live);
    const told = tell(
      tracker,
      gap,
      snapshot(entry('new', '9', 9)),
      snapshot(entry('old', '2', 2)),
      snapshot(entry('same', '1', 1)),
      live,
    );
    expect(told).toEqual(['gap', 'created new 9', 'updated old 2', 'removed gone', 'live']);
  });

  it('tells a watcher that knows nothing yet the whole snapshot after a gap, and says so', () => {
    const tracker = new ChangeTracker({ ...full, startsWithSnapshot: false });
    const [told] = tracker.accept(gap);
    expect(told).toMatchObject({ kind: 'gap', cause: 'too old', metadata: { differences: false } });
    expect(tell(tracker, snapshot(entry('a', '1', 1)), live)).toEqual(['snapshot a 1', 'live']);
  });

  it('goes by time for keys of which a watcher without a snapshot never heard', () => {
    const tracker = new ChangeTracker({ ...full, startsWithSnapshot: false, now: () => 5 });
    tell(tracker, live);
    const told = tell(
      tracker,
      gap,
      snapshot(entry('old', '1', 1, 4)),
      snapshot(entry('new', '1', 1, 6)),
      snapshot(entry('changed', '2', 2, 6)),
      live,
    );
    expect(told).toEqual(['gap', 'created new 1', 'updated changed 2', 'live']);
  });

  it('gives members of a competing group the whole snapshot after a gap', () => {
    const tracker = new ChangeTracker({ ...full, differences: false });
    tell(tracker, live);
    expect(tell(tracker, gap, snapshot(entry('a', '1', 1)), live)).toEqual(['gap', 'snapshot a 1', 'live']);
  });

  it('keeps previous values itself where the broker does not tell them', () => {
    const tracker = new ChangeTracker({ ...full, previousValue: false });
    const told = tell(
      tracker,
      snapshot(entry('a', '1', 1)),
      live,
      change('updated', 'a', 2, { value: '2' }),
      change('removed', 'a', 3),
    );
    expect(told.slice(2)).toEqual(['updated a 2 was 1', 'removed a was 2']);
  });

  it('compares values where the broker keeps no versions', () => {
    const tracker = new ChangeTracker({ ...full, versions: false });
    tell(tracker, snapshot(entry('a', '1', 0)), snapshot(entry('b', '1', 0)), live, change('updated', 'b', 0, { value: '2' }));
    expect(tell(tracker, change('updated', 'b', 0, { value: '3' }))).toEqual(['updated b 3 was 2']);
    expect(tell(tracker, gap, snapshot(entry('a', '1', 0)), snapshot(entry('b', '4', 0)), live)).toEqual([
      'gap',
      'updated b 4 was 3',
      'live',
    ]);
  });

  it('evaluates the condition itself where the broker does not', () => {
    const tracker = new ChangeTracker({ ...full, conditional: true, matches: isPositive });
    const told = tell(
      tracker,
      snapshot(entry('in', '+', 1)),
      snapshot(entry('out', '-', 1)),
      live,
      change('updated', 'in', 2, { value: '+2', previous: '+' }),
      change('updated', 'in', 3, { value: '-', previous: '+2' }),
      change('removed', 'in', 4, { previous: '-' }),
      change('updated', 'out', 2, { value: '+', previous: '-' }),
      change('expired', 'out', 3, { previous: '+' }),
      change('created', 'other', 1, { value: '-' }),
    );
    const expected = ['changed in +2 was +', 'left in - was +2', 'entered out + was -', 'expired out was +'];
    expect(told).toEqual(['snapshot in +', 'live', ...expected]);
  });

  it('asks the previous value whether an unknown entry met the condition', () => {
    const tracker = new ChangeTracker({ ...full, conditional: true, matches: isPositive, startsWithSnapshot: false });
    expect(tell(tracker, live, change('updated', 'a', 7, { value: '-', previous: '+' }))).toEqual(['live', 'left a - was +']);
  });

  it("speaks of entering and changing where a conditional broker says 'created' and 'updated'", () => {
    const tracker = new ChangeTracker({ ...full, conditional: true });
    const told = tell(tracker, live, change('created', 'a', 1, { value: '1' }), change('updated', 'a', 2, { value: '2' }));
    expect(told).toEqual(['live', 'entered a 1', 'changed a 2']);
  });
});

describe('any history, with gaps and repetitions', () => {
  it('leaves a replica equal to the store, by events that fit it', () => {
    fc.assert(fc.property(histories(), fc.boolean(), fc.boolean(), followed), { numRuns: 2000 });
  });
});

type Step =
  | { readonly do: 'put'; readonly key: string; readonly value: string }
  | { readonly do: 'remove' | 'expire'; readonly key: string }
  | { readonly do: 'clear' | 'lose' | 'repeat' };

function histories(): fc.Arbitrary<Step[]> {
  const key = fc.constantFrom('a', 'b', 'c');
  const steps = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.constantFrom('+1', '+2', '-1') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'expire' as const), key }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'lose' as const, 'repeat' as const) }) },
  );
  return fc.array(steps, { maxLength: 40 });
}

/** Plays a history into a tracker and its events into a replica; `lose` drops changes until the gap is told at the next one. */
function followed(history: readonly Step[], conditional: boolean, tellsPrevious: boolean): void {
  const store = new Map<string, WireEntry>();
  const replica = new Map<string, string>();
  const matches = conditional ? isPositive : undefined;
  const tracker = new ChangeTracker({ ...full, conditional, matches, previousValue: tellsPrevious });
  const feed = (events: readonly WatchEvent[]): void =>
    events.forEach((event) => tracker.accept(event).forEach((told) => apply(replica, told)));
  const resync = (): void => feed([gap, ...[...store.values()].map(snapshot), live]);

  let version = 0;
  let losing = false;
  let sinceSync: WatchEvent[] = [];
  feed([live]);
  for (const step of history) {
    const event = play(store, step, ++version, tellsPrevious);
    if (step.do === 'repeat' && !losing) feed(sinceSync);
    if (step.do === 'lose') {
      if (losing) resync();
      losing = !losing;
      sinceSync = [];
    }
    if (event === undefined || losing) continue;
    sinceSync.push(event);
    feed([event]);
  }
  if (losing) resync();
  const expected = [...store.values()].filter((one) => matches?.(one.value) ?? true).map((one) => [one.key, text(one.value)]);
  expect(replica).toEqual(new Map(expected as [string, string][]));
}

function play(store: Map<string, WireEntry>, step: Step, version: number, tellsPrevious: boolean): WatchEvent | undefined {
  if (step.do === 'clear') {
    store.clear();
    return change('cleared', '', version);
  }
  if (!('key' in step)) return undefined;
  const before = store.get(step.key);
  const previous = tellsPrevious && before !== undefined ? { previous: text(before.value)! } : {};
  if (step.do === 'put') {
    store.set(step.key, entry(step.key, step.value, version));
    return change(before === undefined ? 'created' : 'updated', step.key, version, { value: step.value, ...previous });
  }
  store.delete(step.key);
  return before === undefined ? undefined : change(step.do === 'remove' ? 'removed' : 'expired', step.key, version, previous);
}

function apply(replica: Map<string, string>, told: TrackedEvent): void {
  switch (told.kind) {
    case 'created':
    case 'entered':
    case 'updated':
    case 'changed':
      expect(replica.has(told.key)).toBe(told.kind === 'updated' || told.kind === 'changed');
      if (told.previous !== undefined && replica.has(told.key)) expect(text(told.previous)).toBe(replica.get(told.key));
      replica.set(told.key, text(told.value)!);
      break;
    case 'removed':
    case 'expired':
    case 'left':
      expect(replica.delete(told.key)).toBe(true);
      break;
    case 'cleared':
      replica.clear();
      break;
    default:
  }
}
