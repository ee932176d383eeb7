import type { Call, Handlers } from '../call.ts';
import type { BrokerParts } from '../parts.ts';
import type { Queue, QueueConsumerState } from './queue.ts';
import type { Attached, Session } from '../session.ts';

/** A competing consumer attached by a session. */
class QueueConsumer implements Attached {
  readonly queue: Queue;
  readonly state: QueueConsumerState;

  constructor(queue: Queue, state: QueueConsumerState) {
    this.queue = queue;
    this.state = state;
  }

  close(): void {
    this.queue.leave(this.state);
  }
}

type Names =
  | 'queue.send'
  | 'queue.join'
  | 'queue.poll'
  | 'queue.ack'
  | 'queue.release'
  | 'queue.extend'
  | 'queue.leave'
  | 'queue.depth'
  | 'queue.cancel'
  | 'reply.open'
  | 'reply.send'
  | 'reply.poll'
  | 'reply.close';

/** Operations of queues and return addresses. */
export function queueHandlers(broker: BrokerParts): Handlers<Names> {
  return {
    'queue.send': (call) => broker.destinations.ensureQueue(call.ask.queue).intake.send(call),
    'queue.join': (call) => join(broker, call),
    'queue.poll': (call) => {
      const { queue, state } = consumer(call);
      queue.poll(call, state);
    },
    'queue.ack': (call) => {
      const { queue, state } = consumer(call);
      const { items, replies } = call.ask;
      if (replies !== undefined) broker.replies.deliver(replies, call.body);
      queue.ack(state, items, call);
    },
    'queue.release': (call) => {
      const { queue, state } = consumer(call);
      queue.release(state, call.ask, call);
    },
    'queue.extend': (call) => {
      const { queue, state } = consumer(call);
      call.answer({ lost: queue.extend(state, call.ask.items) });
    },
    'queue.leave': (call) => {
      const attached = call.session.detach(QueueConsumer, call.ask.consumer);
      attached?.queue.leave(attached.state, call.ask.unseen);
      call.answer({});
    },
    'queue.depth': (call) => call.answer({ depth: broker.destinations.ensureQueue(call.ask.queue).depth }),
    'queue.cancel': (call) => {
      const queue = broker.destinations.find(call.ask.queue);
      if (queue?.kind === 'queue') queue.cancel(call);
      else call.answer({ cancelled: false });
    },
    'reply.open': (call) => {
      broker.replies.open(call.ask.address, call.session);
      call.answer({});
    },
    'reply.send': (call) => {
      broker.replies.deliver(call.ask, call.body);
      call.answer({});
    },
    'reply.poll': (call) => broker.replies.poll(call),
    'reply.close': (call) => {
      broker.replies.close(call.ask.address);
      call.answer({});
    },
  };
}

function consumer({ session, ask }: { readonly session: Session; readonly ask: { readonly consumer: string } }): QueueConsumer {
  return session.attached(QueueConsumer, ask.consumer);
}

function join(broker: BrokerParts, call: Call<'queue.join'>): void {
  const { consumer: id, queue: name, leaseMs, held } = call.ask;
  const queue = broker.destinations.ensureQueue(name);
  const state: QueueConsumerState = { consumer: id, leaseMs, held: new Map() };
  queue.reclaim(state, held);
  call.session.attach(id, new QueueConsumer(queue, state));
  broker.stage.add({ batches: [], applied: () => call.answer({}), failed: (error) => call.fail(error) });
}
