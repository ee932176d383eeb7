import { raise } from '../errors.ts';
import type { Call, Handlers } from './call.ts';
import type { BrokerParts } from './parts.ts';
import { GroupConsumer } from './log/group-handlers.ts';
import { sections } from './log/partition.ts';
import type { Staged } from './stage.ts';

/** Consumed positions and produced messages as one commit. */
export function transactionHandlers(broker: BrokerParts): Handlers<'transaction.commit'> {
  return { 'transaction.commit': (call) => commit(broker, call) };
}

function commit(broker: BrokerParts, call: Call<'transaction.commit'>): void {
  const consumed = call.ask.consumed.map(({ consumer, positions }) => {
    const { group, member } = call.session.attached(GroupConsumer, consumer);
    return { group, member, positions };
  });
  for (const { group, member, positions } of consumed)
    if (!group.ownsAll(member, positions)) throw raise('TRANSACTION_FENCED', { group: group.name });
  const { produced } = call.ask;
  const parts = sections(
    call.body,
    produced.map(({ batches }) => ({ length: batches.reduce((sum, { length }) => sum + length, 0) })),
  );
  const sends = produced.map(({ destination, batches: metas }) => {
    const log = broker.destinations.ensureLog(destination, {});
    return { log, metas, batches: log.batches(metas, parts.next().value as Uint8Array) };
  });
  // Nothing may fail from here on: positions are now part of the next commit.
  for (const { group, positions } of consumed) group.stage(positions);
  const staged: Staged = {
    batches: sends.flatMap(({ batches }) => batches),
    applied: (bases) => {
      for (const { group, positions } of consumed) group.applied(positions);
      call.answer({});
      let at = 0;
      for (const { log, metas } of sends) {
        log.appended(metas, bases.slice(at, at + metas.length));
        at += metas.length;
      }
    },
    failed: (error) => call.fail(error),
  };
  broker.stage.add(broker.producers.guard(call, {}, staged));
}
