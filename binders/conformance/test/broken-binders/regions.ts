import type { ChangeOutcome, RegionChange, RegionChangeEvent, WatchEvent } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import { without } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';

export const brokenRegions: readonly BrokenBinder[] = [
  {
    name: 'leaves a gap between snapshot and changes',
    sabotage: () => ({
      // Takes the snapshot first and begins to listen when the caller has read it.
      watch: (real, region, selector, options) => {
        let listening: typeof real | undefined;
        return {
          async receive(max, waitMs) {
            if (listening !== undefined) return listening.receive(max, waitMs);
            const events = await real.receive(max, waitMs);
            if (!events.some((event) => event.kind === 'live')) return events;
            listening = await region.watch(selector, { ...options, snapshot: 'none' });
            return events.slice(0, events.findIndex((event) => event.kind === 'live') + 1);
          },
        };
      },
    }),
    caughtBy: ['watch › between snapshot and changes there is no gap, under concurrent writes'],
  },
  {
    name: 'tells the new value as the one before',
    sabotage: () => changedEvents((event) => ({ ...event, previous: event.value })),
    caughtBy: ['watch › changes carry the value before'],
  },
  {
    name: 'calls every change an update',
    sabotage: () => changedEvents((event) => ({ ...event, kind: event.kind === 'created' ? 'updated' : event.kind })),
    caughtBy: ['watch › a watch without a snapshot tells what changes from now on'],
  },
  {
    name: 'calls an expiry a removal',
    sabotage: () => changedEvents((event) => ({ ...event, kind: event.kind === 'expired' ? 'removed' : event.kind })),
    caughtBy: ['watch › an expiry is told as one'],
  },
  {
    name: 'swaps changes of a key',
    sabotage: () => ({
      watch: (real) => ({ receive: async (max, waitMs) => (await real.receive(max, waitMs)).toReversed() }),
    }),
    caughtBy: ['watch › every change is told, in the order of its key'],
  },
  {
    name: 'has no time to live',
    sabotage: () => changedChanges((each) => without(each, 'timeToLiveMs')),
    caughtBy: ['region › an entry is gone when its time to live has passed', 'watch › an expiry is told as one'],
  },
  {
    name: 'ignores conditions on versions',
    sabotage: () => changedChanges((each) => without(each, 'ifVersion')),
    caughtBy: [
      'region › a condition on the version holds or conflicts',
      'region › of concurrent conditional changes one wins each round',
    ],
  },
  {
    name: 'applies atomic calls one by one',
    sabotage: () => ({ region: (real) => ({ apply: (changes, options) => real.apply(changes, { ...options, atomic: false }) }) }),
    caughtBy: ['region › an atomic call applies all or nothing'],
  },
  {
    name: 'clears without telling watchers of one change',
    sabotage: () => ({
      region: (real) => ({
        async clear(options) {
          const entries = await real.scan({}, undefined, 100_000);
          await real.apply(
            entries.map((entry) => ({ key: entry.key, value: null })),
            options,
          );
        },
      }),
    }),
    caughtBy: ['watch › clearing is one change'],
  },
  {
    name: 'echoes own writes',
    sabotage: () => ({ watchOptions: (each) => without(each, 'excludeOrigin') }),
    caughtBy: ['watch › own writes can be left out'],
  },
  {
    name: 'takes a prefix for the whole pattern',
    sabotage: () => ({
      region: (real) => ({
        scan: ({ pattern, ...rest }, after, limit) =>
          real.scan({ ...rest, pattern: pattern === undefined ? undefined : `${pattern}.*` }, after, limit),
      }),
    }),
    caughtBy: ['region › scan selects by keys, prefix and pattern'],
  },
  {
    name: 'takes a snapshot where it should resume',
    sabotage: () => ({ watchOptions: (each) => without(each, 'resumeAfter') }),
    caughtBy: ['watch positions › a watch resumes after a position with what was missed, and nothing else'],
  },
  {
    name: 'forgets named watchers',
    sabotage: () => ({ watchOptions: (each) => without(each, 'name', 'competing') }),
    caughtBy: [
      'watch positions › a named watcher gets what it missed',
      'watch positions › competing members share the changes by key, each key in order',
    ],
  },
  {
    name: 'lets a slow watcher stall its writers',
    sabotage: () => ({
      watchOptions: (options) => (options.whenFull === undefined ? options : { ...options, whenFull: 'block' }),
    }),
    caughtBy: [
      "watch positions › a slow watcher with 'disconnect' stalls no writer and is told of its gap",
      "watch positions › a slow watcher with 'conflate' stalls no writer and gets the last values",
    ],
  },
  {
    name: 'drops changes of a slow watcher silently',
    sabotage: () => ({
      watch: (real) => ({
        receive: async (max, waitMs) => (await real.receive(max, waitMs)).filter((event) => event.kind !== 'gap'),
      }),
    }),
    caughtBy: ["watch positions › a slow watcher with 'disconnect' stalls no writer and is told of its gap"],
  },
  {
    name: 'removes parked messages when they are listed',
    sabotage: () => ({
      parking: (real) => ({
        async list(deadLetter, after, limit) {
          const entries = await real.list(deadLetter, after, limit);
          await real.remove(
            deadLetter,
            entries.map((entry) => entry.position),
          );
          return entries;
        },
      }),
    }),
    caughtBy: ['parking › listing removes and locks nothing', 'parking › removal counts what was still there'],
  },
  {
    name: 'answers get in key order',
    sabotage: () => ({ region: (real) => ({ get: (keys) => real.get(keys.toSorted()) }) }),
    caughtBy: ['region › get answers in the order of the keys'],
  },
  {
    name: 'takes an empty value for none',
    sabotage: () => changedChanges((change) => ({ ...change, value: change.value?.length === 0 ? null : change.value })),
    caughtBy: ['region › an empty value is a value'],
  },
  {
    name: 'begins versions anew',
    sabotage: () => ({
      region: (real) => ({
        apply: async (changes, options) =>
          (await real.apply(changes, options)).map((outcome) => withVersion(outcome, Math.min(outcome.version, 2))),
      }),
    }),
    caughtBy: ['region › versions grow, also across removal and clear'],
  },
  {
    name: 'scans from the beginning each time',
    sabotage: () => ({ region: (real) => ({ scan: (selector, _, limit) => real.scan(selector, undefined, limit) }) }),
    caughtBy: ['region › scan goes through the entries in key order, page by page'],
  },
  {
    name: 'keeps the time to live of the change before',
    sabotage: () => {
      const kept = new Map<string, number>();
      return changedChanges((change) => {
        const timeToLiveMs = kept.get(change.key) ?? change.timeToLiveMs;
        if (timeToLiveMs !== undefined) kept.set(change.key, timeToLiveMs);
        return { ...change, timeToLiveMs };
      });
    },
    caughtBy: ['region › a later change sets the time to live anew'],
  },
  {
    name: 'tells watchers of keys that they did not ask for',
    sabotage: () => ({ watchSelector: () => ({}) }),
    caughtBy: ['watch › a watch tells of the keys it asks for alone'],
  },
  {
    name: 'forgets conditions of watches',
    sabotage: () => ({ watchSelector: (selector) => without(selector, 'where') }),
    caughtBy: ['watch › a watch with a condition tells what enters, changes in and leaves its result'],
  },
  {
    name: 'drops what is said about a change',
    sabotage: () => changedEvents((event) => ({ ...event, metadata: {} })),
    caughtBy: ['watch › changes carry who made them and why'],
  },
  {
    name: 'tells no removals to a watcher of the latest',
    sabotage: () => ({
      watch: (real, _, __, { mode }) => ({
        receive: async (max, waitMs) =>
          (await real.receive(max, waitMs)).filter((event) => mode !== 'latest' || event.kind !== 'removed'),
      }),
    }),
    caughtBy: ["watch › mode 'latest' ends with the last value of each key"],
  },
  {
    name: 'sends values to those who only invalidate',
    sabotage: () => ({ watchOptions: (options) => ({ ...options, mode: 'every' }) }),
    caughtBy: ["watch › mode 'invalidate' tells keys without values"],
  },
  {
    name: 'forgets what named watchers acknowledged',
    sabotage: () => ({ watch: () => ({ ack: async () => undefined }) }),
    caughtBy: ['watch positions › what a named watcher acknowledged does not come again'],
  },
  {
    name: 'takes all named watchers for one',
    sabotage: () => ({
      watchOptions: (options) => (options.name === undefined ? options : { ...options, name: 'one' }),
    }),
    caughtBy: ['watch positions › named watchers are apart'],
  },
  {
    name: 'does not hold writers up for a watcher that asked for it',
    sabotage: () => ({
      watchOptions: (options) => (options.whenFull === 'block' ? { ...options, whenFull: 'conflate' } : options),
    }),
    caughtBy: ["watch positions › a slow watcher with 'block' holds writers up and loses nothing"],
  },
  {
    name: 'lists parked messages newest first',
    sabotage: () => ({ parking: (real) => ({ list: async (...call) => (await real.list(...call)).toReversed() }) }),
    caughtBy: ['parking › parked messages are listed as they were parked, oldest first'],
  },
  {
    name: 'lists parked messages from the first each time',
    sabotage: () => ({ parking: (real) => ({ list: (deadLetter, _, limit) => real.list(deadLetter, 0, limit) }) }),
    caughtBy: ['parking › long lists are read page by page'],
  },
  {
    name: 'counts removed messages that were not there',
    sabotage: () => ({
      parking: (real) => ({
        async remove(deadLetter, positions) {
          await real.remove(deadLetter, positions);
          return positions.length;
        },
      }),
    }),
    caughtBy: ['parking › removal counts what was still there'],
  },
];

function changedEvents(change: (event: RegionChangeEvent) => RegionChangeEvent): Sabotage {
  const apply = (event: WatchEvent): WatchEvent =>
    event.kind === 'live' || event.kind === 'gap' || event.kind === 'snapshot' ? event : change(event);
  return { watch: (real) => ({ receive: async (max, waitMs) => (await real.receive(max, waitMs)).map(apply) }) };
}

function changedChanges(change: (change: RegionChange) => RegionChange): Sabotage {
  return { region: (real) => ({ apply: (changes, options) => real.apply(changes.map(change), options) }) };
}

function withVersion(outcome: ChangeOutcome, version: number): ChangeOutcome {
  return { ...outcome, version };
}
