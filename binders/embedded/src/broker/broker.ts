import { messageOf, MillraceError } from '@millrace/core';
import type { Clock, Timer } from '@millrace/core';
import type { Journal } from '../journal/journal.ts';
import type { Ask, Inspection, OperationName } from '../wire/protocol.ts';
import { protocolVersion } from '../wire/protocol.ts';
import { raise } from '../errors.ts';
import type { Call, Handler, Handlers } from './call.ts';
import type { BrokerContext, BrokerLimits } from './context.ts';
import { Control, controlStream } from './control.ts';
import { destinationHandlers } from './destination-handlers.ts';
import { Destinations } from './destinations.ts';
import { groupHandlers } from './log/group-handlers.ts';
import { logHandlers } from './log/log-handlers.ts';
import { parkingHandlers } from './parking/parking-handlers.ts';
import { queueHandlers } from './queue/queue-handlers.ts';
import { regionHandlers } from './region/region-handlers.ts';
import type { BrokerParts } from './parts.ts';
import { Producers } from './producers.ts';
import { Replies } from './replies.ts';
import { Session } from './session.ts';
import { Stage } from './stage.ts';
import type { Scheduling } from './stage.ts';
import { transactionHandlers } from './transaction-handlers.ts';

export interface BrokerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  readonly scheduling: Scheduling;
  /** Whether another process was the broker of this data a moment ago. */
  readonly takeOver: boolean;
}

const maintainMs = 1000;
/** Between steps of maintenance while there is more to do. */
const maintainAgainMs = 20;

/**
 * Everything that the embedded binder promises, over a journal and a clock: destinations, groups, queues, regions. Single-threaded
 * and synchronous; clients reach it through sessions, over whatever transport.
 */
export class Broker implements BrokerParts {
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  readonly stage: Stage;
  readonly destinations: Destinations;
  readonly replies: Replies;
  readonly producers: Producers;
  readonly #journal: Journal;
  readonly #control: Control;
  readonly #handlers: Handlers<OperationName>;
  readonly #sessions = new Set<Session>();
  #maintenance: Timer | undefined;
  #maintenanceError: unknown;
  #closed = false;

  constructor({ journal, clock, limits, scheduling, takeOver }: BrokerOptions) {
    this.clock = clock;
    this.limits = limits;
    this.#journal = journal;
    this.#control = new Control(journal, () => clock.now());
    this.stage = new Stage(journal, scheduling, () => this.#control.take());
    this.producers = new Producers(this.#control, () => clock.now());
    const context: BrokerContext = {
      clock,
      journal,
      limits,
      stage: this.stage,
      control: this.#control,
      producers: this.producers,
      newStream: () => this.#newStream(),
      graceUntil: takeOver ? clock.monotonic() + limits.graceMs : -Infinity,
    };
    this.destinations = new Destinations(context);
    this.replies = new Replies(context);
    this.#handlers = this.#allHandlers();
  }

  /** A new client. */
  open(): Session {
    const session = new Session();
    this.#sessions.add(session);
    session.onClose(() => {
      this.#sessions.delete(session);
      this.replies.closeAll(session);
    });
    return session;
  }

  /** Does what a client asks; the call is answered now or later, and exactly once. */
  handle<Name extends OperationName>(name: Name, call: Call<Name>): void {
    try {
      if (this.#closed) throw raise('BROKER_CLOSED', {});
      const handler = this.#handlers[name] as Handler<Name> | undefined;
      if (handler === undefined) throw raise('OPERATION_UNKNOWN', { operation: name });
      const before = this.producers.answerBefore(call);
      if (before === undefined) handler(call);
      else this.stage.afterCommit(call, () => call.answer(before));
    } catch (error) {
      call.fail(error);
    }
    if (name !== 'ping') this.#planMaintenance();
  }

  /** Commits what is under way and ends. The journal stays open. */
  close(): void {
    if (this.#closed) return;
    this.stage.flush();
    this.#closed = true;
    this.#maintenance?.cancel();
    for (const session of this.#sessions) session.close();
    for (const destination of this.destinations.all()) destination.dropped();
    this.stage.flush();
    this.#copyCatalogue();
  }

  #copyCatalogue(): void {
    try {
      if (this.#journal.fenced === undefined) this.#control.copyCatalogue();
    } catch (error) {
      // It is a second copy: the next broker writes it, when there is space.
      if (lostSpace(error)) return;
      throw error;
    }
  }

  #newStream(): number {
    const known = (this.#control.latest('stream') as number | undefined) ?? controlStream;
    // A number is never used twice, even where it is forgotten that it was.
    const stream = Math.max(known, this.#control.damaged ? this.#journal.lastStream : 0) + 1;
    this.#control.put('stream', stream);
    return stream;
  }

  #allHandlers(): Handlers<OperationName> {
    return {
      hello: (call) => hello(call.ask, call),
      ping: (call) => call.answer({}),
      inspect: (call) => call.answer(this.#inspect()),
      bye: (call) => {
        if (call.session.producer !== undefined) this.producers.leave(call.session.producer);
        this.stage.afterCommit(call, () => {
          call.answer({});
          call.session.close();
        });
      },
      ...destinationHandlers(this),
      ...logHandlers(this),
      ...groupHandlers(this),
      ...queueHandlers(this),
      ...regionHandlers(this),
      ...parkingHandlers(this),
      ...transactionHandlers(this),
    };
  }

  #inspect(): Inspection {
    const { segments, bytes } = this.#journal.stats();
    const maintenance = this.#maintenanceError === undefined ? undefined : messageOf(this.#maintenanceError);
    const { damage, fenced } = this.#journal;
    const named = damage.map((each) => ({ ...each, of: each.stream === undefined ? undefined : this.#holderOf(each.stream) }));
    return { process: process.pid, segments, bytes, damage: named, fenced: fenced?.message, maintenance };
  }

  /** Whose a stream of the journal is, for people. */
  #holderOf(stream: number): string {
    if (stream === controlStream) return 'the catalogue of destinations and positions';
    return this.destinations.holderOf(stream) ?? `stream ${stream}, which no known destination has`;
  }

  /** Only after something was asked, so that an idle broker does nothing at all. */
  #planMaintenance(ms = maintainMs): void {
    this.#maintenance ??= this.clock.after(ms, () => {
      this.#maintenance = undefined;
      try {
        if (this.#maintain()) this.#planMaintenance(maintainAgainMs);
        this.#maintenanceError = undefined;
      } catch (error) {
        // Room that cannot be freed now, as on a full disk, is tried again; commits tell clients what is wrong.
        this.#maintenanceError = error;
        this.#planMaintenance();
      }
    });
  }

  #maintain(): boolean {
    let more = false;
    this.producers.prune();
    this.#control.compact();
    this.#control.copyCatalogue();
    for (const destination of this.destinations.all()) if (destination.kind !== 'log') more = destination.maintain() || more;
    return this.#journal.maintain() || more;
  }
}

function lostSpace(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'RESOURCE_EXHAUSTED';
}

function hello({ version, producer }: Ask<'hello'>, call: Call<'hello'>): void {
  if (version !== protocolVersion) throw raise('PROTOCOL_VERSION', { theirs: version, ours: protocolVersion });
  call.session.producer = producer;
  call.answer({ version: protocolVersion });
}
