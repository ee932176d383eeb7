import { copyOf } from '../../bytes.ts';
import type { StoredBatch } from '../../journal/journal.ts';
import { decodeRecords } from '../../records/records.ts';
import type { StoredMeta } from '../../wire/protocol.ts';
import type { Call, Handlers } from '../call.ts';
import type { BrokerParts } from '../parts.ts';
import type { LogDestination } from '../log/log-destination.ts';

type Names = 'parking.add' | 'parking.list' | 'parking.remove' | 'parking.summary';

/** Operations of dead-letter destinations. Positions are offsets plus one, so that 0 is before all. */
export function parkingHandlers(broker: BrokerParts): Handlers<Names> {
  return {
    'parking.add': (call) => add(broker, call),
    'parking.list': (call) => list(broker, call),
    'parking.remove': (call) => remove(broker, call),
    'parking.summary': (call) => {
      const names = [];
      for (const destination of broker.destinations.all())
        if (destination.kind === 'log' && destination.parking !== undefined)
          names.push({ name: destination.name, count: destination.parking.count });
      call.answer({ names });
    },
  };
}

function parkingOf(broker: BrokerParts, name: string): LogDestination | undefined {
  const found = broker.destinations.find(name);
  return found?.kind === 'log' && found.parking !== undefined ? found : undefined;
}

function add(broker: BrokerParts, call: Call<'parking.add'>): void {
  const { name, batch } = call.ask;
  const log = broker.destinations.ensureParking(name);
  const metas = [{ ...batch, partition: 0 }];
  const staged = {
    batches: log.batches(metas, call.body),
    applied: (bases: readonly number[]) => {
      call.answer({ base: bases[0]! });
      log.appended(metas, bases);
    },
    failed: (error: unknown) => call.fail(error),
  };
  broker.stage.add(broker.producers.guard(call, { base: undefined }, staged));
}

function list(broker: BrokerParts, call: Call<'parking.list'>): void {
  const { name, after, limit } = call.ask;
  const log = parkingOf(broker, name);
  const offsets = log?.parking?.after(after, limit) ?? [];
  const runs: StoredMeta[] = [];
  const body: Uint8Array[] = [];
  const positions: number[] = [];
  let bytes = 0;
  for (const { offset, record, batch } of log === undefined ? [] : recordsAt(log, offsets)) {
    if (bytes > broker.limits.maxAnswerBytes) break;
    runs.push({ base: batch.baseOffset, first: batch.firstTime, count: 1, length: record.length });
    body.push(record);
    bytes += record.length;
    positions.push(offset + 1);
  }
  call.answer({ positions, runs }, body);
}

function* recordsAt(log: LogDestination, offsets: readonly number[]) {
  let batch: StoredBatch | undefined;
  let records = new Map<number, Uint8Array>();
  for (const offset of offsets) {
    if (batch === undefined || offset >= batch.baseOffset + batch.count) {
      [batch] = log.partitions[0]!.read(offset, 1);
      if (batch === undefined) return;
      batch = { ...batch, bytes: copyOf(batch.bytes) };
      records = new Map(Array.from(decodeRecords(batch), (view) => [view.offset, view.encoded]));
    }
    const record = records.get(offset);
    if (record !== undefined) yield { offset, record, batch };
  }
}

function remove(broker: BrokerParts, call: Call<'parking.remove'>): void {
  const { name, positions } = call.ask;
  const index = parkingOf(broker, name)?.parking;
  const offsets = index?.known(positions.map((position) => position - 1)) ?? [];
  const staged = {
    batches: index === undefined || offsets.length === 0 ? [] : [index.removal(offsets)],
    applied: () => {
      // Another may have removed some of them in the same commit.
      const removed = index?.known(offsets) ?? [];
      index?.removed(removed);
      call.answer({ removed: removed.length });
    },
    failed: (error: unknown) => call.fail(error),
  };
  broker.stage.add(broker.producers.guard(call, { removed: offsets.length }, staged));
}
