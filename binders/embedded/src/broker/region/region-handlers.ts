import type { EntryMeta } from '../../wire/protocol.ts';
import type { Call, Handlers } from '../call.ts';
import type { BrokerParts } from '../parts.ts';
import type { RegionEntry } from './region-state.ts';
import { RegionWatcher } from './region-watcher.ts';
import { Selection } from './watch-events.ts';

type Names =
  | 'region.open'
  | 'region.get'
  | 'region.apply'
  | 'region.scan'
  | 'region.count'
  | 'region.clear'
  | 'watch.open'
  | 'watch.poll'
  | 'watch.ack'
  | 'watch.close';

/** Operations of regions and their watches. */
export function regionHandlers(broker: BrokerParts): Handlers<Names> {
  return {
    'region.open': (call) => {
      broker.destinations.ensureRegion(call.ask.region, call.ask.changeRetentionMs);
      broker.stage.afterCommit(call, () => call.answer({}));
    },
    'region.get': (call) => {
      const { state } = broker.destinations.region(call.ask.region);
      const found = call.ask.keys.map((key) => state.get(key));
      const entries = found.map((entry) => (entry === undefined ? null : entryMeta(entry)));
      call.answer(
        { entries },
        found.flatMap((entry) => (entry === undefined ? [] : [entry.value])),
      );
    },
    'region.apply': (call) => broker.destinations.region(call.ask.region).apply(call),
    'region.clear': (call) => broker.destinations.region(call.ask.region).clear(call),
    'region.count': (call) => call.answer({ count: broker.destinations.region(call.ask.region).state.size }),
    'region.scan': (call) => scan(broker, call),
    'watch.open': (call) => {
      const { watch, region: name, selector, options } = call.ask;
      const watcher = new RegionWatcher(broker.destinations.region(name), new Selection(selector), options);
      call.session.attach(watch, watcher);
      broker.stage.afterCommit(call, () => call.answer({}));
    },
    'watch.poll': (call) => call.session.attached(RegionWatcher, call.ask.watch).takePoll(call),
    'watch.ack': (call) => {
      call.session.attached(RegionWatcher, call.ask.watch).acknowledge(call.ask.position);
      broker.stage.afterCommit(call, () => call.answer({}));
    },
    'watch.close': (call) => {
      call.session.detach(RegionWatcher, call.ask.watch)?.close();
      call.answer({});
    },
  };
}

function scan(broker: BrokerParts, call: Call<'region.scan'>): void {
  const { region, selector, after, limit } = call.ask;
  const selection = new Selection(selector);
  const found: RegionEntry[] = [];
  let bytes = 0;
  let more = false;
  for (const entry of broker.destinations.region(region).state.inOrder(after)) {
    if (!selection.holds(entry)) continue;
    more = found.length >= limit || bytes > broker.limits.maxAnswerBytes;
    if (more) break;
    found.push(entry);
    bytes += entry.value.length;
  }
  call.answer(
    { entries: found.map(entryMeta), more },
    found.map(({ value }) => value),
  );
}

function entryMeta({ key, contentType, version, time, value }: RegionEntry): EntryMeta {
  return { key, contentType, version, time, length: value.length };
}
