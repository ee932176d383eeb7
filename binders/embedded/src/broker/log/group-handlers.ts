import { raise } from '../../errors.ts';
import type { Call, Handlers } from '../call.ts';
import type { BrokerParts } from '../parts.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { Member } from './member.ts';
import type { Attached } from '../session.ts';

/** A consumer attached by a session. */
export class GroupConsumer implements Attached {
  readonly group: ConsumerGroup;
  readonly member: Member;

  constructor(group: ConsumerGroup, member: Member) {
    this.group = group;
    this.member = member;
  }

  close(): void {
    this.group.leave(this.member);
  }
}

type Names =
  | 'group.committed'
  | 'group.seek'
  | 'group.join'
  | 'group.poll'
  | 'group.revoked'
  | 'group.ack'
  | 'group.leave'
  | 'group.lag';

/** Operations of consumer groups. */
export function groupHandlers(broker: BrokerParts): Handlers<Names> {
  return {
    'group.join': (call) => join(broker, call),
    'group.poll': poll,
    'group.ack': (call) => ack(broker, call),
    'group.revoked': (call) => {
      const { group, member } = call.session.attached(GroupConsumer, call.ask.consumer);
      group.revoked(member, call.ask.partitions);
      call.answer({});
    },
    'group.leave': (call) => {
      const attached = call.session.detach(GroupConsumer, call.ask.consumer);
      attached?.group.leave(attached.member, call.ask.delivered);
      call.answer({});
    },
    'group.committed': (call) => call.answer({ positions: known(broker, call.ask.destination, call.ask.group)?.committed ?? [] }),
    'group.lag': (call) => {
      const { destination, group } = call.ask;
      const found = known(broker, destination, group);
      if (found === undefined) throw raise('GROUP_UNKNOWN', { destination, group });
      call.answer({ lag: found.lag });
    },
    'group.seek': (call) => seek(broker, call),
  };
}

function known(broker: BrokerParts, destination: string, group: string): ConsumerGroup | undefined {
  return broker.destinations.log(destination).groups.get(group);
}

function join(broker: BrokerParts, call: Call<'group.join'>): void {
  const { consumer, destination, group: name, start, partitions, assignment, held } = call.ask;
  const log = broker.destinations.ensureLog(destination, { partitions });
  const group = log.group(name ?? `anonymous.${consumer}`, name !== undefined);
  group.start(start ?? (name === undefined ? 'latest' : 'earliest'));
  const member = new Member(consumer, assignment, held);
  broker.stage.add({
    batches: [],
    applied: () => {
      if (call.session.closed) return;
      call.session.attach(consumer, new GroupConsumer(group, member));
      call.answer({ group: group.name, partitions: log.partitions.length });
      group.join(member);
    },
    failed: (error) => {
      // Its beginning was not stored, so the next attempt has to fix it anew.
      if (group.empty) log.groups.delete(group.name);
      call.fail(error);
    },
  });
}

function poll(call: Call<'group.poll'>): void {
  const { group, member } = call.session.attached(GroupConsumer, call.ask.consumer);
  member.takePoll(call);
  group.serve(member);
}

function ack(broker: BrokerParts, call: Call<'group.ack'>): void {
  const { group, member } = call.session.attached(GroupConsumer, call.ask.consumer);
  const positions = group.valid(member, call.ask.positions);
  group.stage(positions);
  broker.stage.add({
    batches: [],
    applied: () => {
      group.applied(positions);
      call.answer({});
    },
    failed: (error) => call.fail(error),
  });
}

function seek(broker: BrokerParts, call: Call<'group.seek'>): void {
  const { destination, group: name, positions } = call.ask;
  const log = broker.destinations.log(destination);
  for (const [partition] of positions) log.partition(partition);
  const group = log.group(name, true);
  group.stageSeek(positions);
  broker.stage.add({
    batches: [],
    applied: () => {
      group.sought(positions);
      call.answer({});
    },
    failed: (error) => call.fail(error),
  });
}
