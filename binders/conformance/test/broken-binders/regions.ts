import type { RegionChange, RegionChangeEvent, WatchEvent } from '@millrace/messaging/binder';
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
];

function changedEvents(change: (event: RegionChangeEvent) => RegionChangeEvent): Sabotage {
  const apply = (event: WatchEvent): WatchEvent =>
    event.kind === 'live' || event.kind === 'gap' || event.kind === 'snapshot' ? event : change(event);
  return { watch: (real) => ({ receive: async (max, waitMs) => (await real.receive(max, waitMs)).map(apply) }) };
}

function changedChanges(change: (change: RegionChange) => RegionChange): Sabotage {
  return { region: (real) => ({ apply: (changes, options) => real.apply(changes.map(change), options) }) };
}
