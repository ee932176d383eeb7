import { raise } from '../../errors.ts';
import type { CollectedBatches, StoredBatch } from '../../journal/journal.ts';
import type { StoredMeta } from '../../wire/protocol.ts';
import type { Call, Handlers } from '../call.ts';
import type { BrokerParts } from '../parts.ts';

/** Operations on event streams without a group. */
export function logHandlers(broker: BrokerParts): Handlers<'log.send' | 'log.read' | 'log.bounds' | 'log.offsetAt'> {
  return {
    'log.send': (call) => send(broker, call),
    'log.read': (call) => read(broker, call),
    'log.bounds': (call) =>
      call.answer({
        bounds: broker.destinations.log(call.ask.destination).partitions.map(({ bounds }) => [bounds.earliest, bounds.next]),
      }),
    'log.offsetAt': (call) => {
      const { destination, partition, time } = call.ask;
      call.answer({ offset: broker.destinations.log(destination).partition(partition).offsetAt(time) });
    },
  };
}

function send(broker: BrokerParts, call: Call<'log.send'>): void {
  const { destination, batches: metas } = call.ask;
  const log = broker.destinations.log(destination);
  const batches = log.batches(metas, call.body);
  const staged = {
    batches,
    applied: (bases: readonly number[]) => {
      // The journal has a copy.
      call.release();
      call.answer({ bases });
      log.appended(metas, bases);
    },
    failed: (error: unknown) => call.fail(error),
  };
  broker.stage.add(broker.producers.guard(call, { bases: [] }, staged));
}

function read(broker: BrokerParts, call: Call<'log.read'>): void {
  const { destination, partition: number, from, maxBytes, waitMs } = call.ask;
  const partition = broker.destinations.log(destination).partition(number);
  const tryRead = (): boolean => {
    const found = partition.collect(from, Math.min(maxBytes, broker.limits.maxAnswerBytes));
    if (found === undefined || found.batches.length === 0) return false;
    answerRead(call, found);
    return true;
  };
  if (tryRead()) return;
  // Reading behind the end, as after retention, goes on at what there is.
  const empty = (): void => call.answer({ next: Math.max(from, partition.bounds.earliest), batches: [] });
  if (waitMs <= 0) return empty();
  const finish = (): void => {
    stopWaiting();
    timer.cancel();
  };
  const timer = broker.clock.after(waitMs, () => {
    finish();
    empty();
  });
  const stopWaiting = partition.wait(() => {
    finish();
    try {
      if (!tryRead()) call.fail(raise('DESTINATION_UNKNOWN', { destination }));
    } catch (error) {
      call.fail(error);
    }
  });
  call.onCancel(finish);
}

function answerRead(call: Call<'log.read'>, { batches, bytes }: CollectedBatches): void {
  const last = batches.at(-1)!;
  call.give({ next: last.baseOffset + last.count, batches: batches.map(storedMeta) }, [bytes]);
}

/** How a stored batch is described to clients. */
export function storedMeta({ baseOffset, firstTime, count, bytes }: StoredBatch): StoredMeta {
  return { base: baseOffset, first: firstTime, count, length: bytes.length };
}
