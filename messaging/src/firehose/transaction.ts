import type { Binder, OutboundMessage } from '../binder/index.ts';
import type { EventContext, PublishOptions, PublishTransaction } from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { binderError, raise } from '../errors.ts';
import { withDeadline } from '../policies/deadline.ts';
import type { Services } from '../runtime/services.ts';
import { HandledEvent } from './handled-event.ts';
import type { Tracked } from './partition-state.ts';
import type { Publishing } from './publishing.ts';
import type { Session } from './session.ts';

interface Produced {
  readonly stream: EventStream<never>;
  readonly message: Promise<OutboundMessage>;
}

/** Commits what `work` publishes together with the deliveries: both are visible after a crash, or neither. */
export async function runTransaction<R>(
  services: Services,
  publishing: Publishing,
  contexts: readonly EventContext[],
  work: (tx: PublishTransaction) => Promise<R>,
): Promise<R> {
  const origins = contexts.map((context) => HandledEvent.origin(context));
  const consumed = Map.groupBy(origins, (origin) => {
    if (origin === undefined || origin.tracked.finished) throw raise('NOT_BEING_HANDLED', {});
    return origin.session;
  }) as Map<Session, { tracked: Tracked }[]>;
  const binder = binderOf(consumed);
  if (binder.transactions === undefined) {
    const destination = contexts[0]!.destination;
    throw raise('FACET_MISSING', { binder: binder.name, facet: 'transaction', operation: 'a transaction', destination });
  }
  const outbox = new Outbox(publishing);
  const result = await work(outbox);
  const produced = await outbox.produced(services, binder);
  await commit(services, binder, consumed, produced);
  return result;
}

function binderOf(consumed: ReadonlyMap<Session, unknown>): Binder {
  const binders = [...consumed.keys()].map((session) => session.binder);
  if (binders[0] === undefined) throw raise('NOT_BEING_HANDLED', {});
  for (const other of binders) assertSame(binders[0], other);
  return binders[0];
}

async function commit(
  services: Services,
  binder: Binder,
  consumed: ReadonlyMap<Session, readonly { readonly tracked: Tracked }[]>,
  produced: readonly { readonly destination: string; readonly messages: readonly OutboundMessage[] }[],
): Promise<void> {
  const parts = [...consumed].map(([session, events]) => ({ session, events: events.map(({ tracked }) => tracked) }));
  const deadline = {
    clock: services.clock,
    ms: services.defaults.deadlineMs,
    operation: 'waiting for earlier events before a transaction',
  };
  await withDeadline(deadline, () => Promise.all(parts.map(({ session, events }) => session.turn(events))));
  const acknowledged = parts.map(({ session, events }) => ({
    binding: session.binding!,
    deliveries: events.map(({ delivery }) => delivery),
  }));
  try {
    await binder.transactions!.commit({ consumed: acknowledged, produced });
  } catch (error) {
    throw binderError(binder, 'commit a transaction', error);
  }
  for (const { session, events } of parts) session.committed(events);
}

/** What a transaction publishes. */
class Outbox implements PublishTransaction {
  readonly #publishing: Publishing;
  readonly #produced: Produced[] = [];

  constructor(publishing: Publishing) {
    this.#publishing = publishing;
  }

  publish<T>(stream: EventStream<T>, payload: T, options?: PublishOptions): void {
    const message = this.#publishing.outlet(stream).placed(payload, options);
    // Awaited before the commit; `work` may fail first.
    message.catch(() => {});
    this.#produced.push({ stream: stream as unknown as EventStream<never>, message });
  }

  /** The messages by destination, in order. */
  async produced(services: Services, binder: Binder) {
    const streams = new Set(this.#produced.map(({ stream }) => stream));
    await Promise.all([...streams].map(async (stream) => assertSame(binder, await services.binderFor(stream))));
    const groups = Map.groupBy(this.#produced, ({ stream }) => stream.name);
    return Promise.all(
      [...groups].map(async ([destination, items]) => ({
        destination,
        messages: await Promise.all(items.map(({ message }) => message)),
      })),
    );
  }
}

function assertSame(binder: Binder, other: Binder): void {
  if (binder !== other) throw raise('TRANSACTION_ACROSS_BINDERS', { binder: binder.name, other: other.name });
}
