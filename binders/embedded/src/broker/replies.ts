import type { Timer } from '@millrace/core';
import { decodeRecords } from '../records/records.ts';
import type { StoredMeta } from '../wire/protocol.ts';
import type { Call } from './call.ts';
import type { BrokerContext } from './context.ts';
import type { Session } from './session.ts';
import { checkedBatch } from './log/partition.ts';

/** Replies that wait for one address at most; the oldest go first, their callers have given up. */
const inboxLimit = 100_000;

interface Reply {
  readonly bytes: Uint8Array;
  readonly first: number;
}

interface Inbox {
  readonly session: Session | undefined;
  waiting: Reply[];
  poll: Call<'reply.poll'> | undefined;
  timer: Timer | undefined;
}

/** Return addresses and the replies on their way, in memory only: a reply is worth something only while its caller waits. */
export class Replies {
  readonly #context: BrokerContext;
  readonly #inboxes = new Map<string, Inbox>();

  constructor(context: BrokerContext) {
    this.#context = context;
  }

  open(address: string, session: Session): void {
    const early = this.#inboxes.get(address)?.waiting ?? [];
    this.#inboxes.set(address, { session, waiting: early, poll: undefined, timer: undefined });
  }

  close(address: string): void {
    const inbox = this.#inboxes.get(address);
    this.#inboxes.delete(address);
    if (inbox !== undefined) this.#answer(inbox, []);
  }

  /** The session is gone, and with it its addresses. */
  closeAll(session: Session): void {
    for (const [address, inbox] of this.#inboxes) if (inbox.session === session) this.close(address);
  }

  send(call: Call<'reply.send'>): void {
    const { to, batch } = call.ask;
    checkedBatch(0, batch, call.body);
    for (const record of decodeRecords({ bytes: call.body, baseOffset: 0, firstTime: batch.first })) {
      this.#inbox(to[record.offset] ?? '')?.waiting.push({ bytes: record.encoded, first: batch.first });
    }
    for (const address of new Set(to)) this.#serve(this.#inboxes.get(address));
    call.answer({});
  }

  poll(call: Call<'reply.poll'>): void {
    const inbox = this.#inboxes.get(call.ask.address);
    if (inbox === undefined) return call.answer({ runs: [] });
    this.#answer(inbox, []);
    inbox.poll = call;
    const { waitMs } = call.ask;
    if (waitMs !== undefined) inbox.timer = this.#context.clock.after(waitMs, () => this.#answer(inbox, []));
    call.onCancel(() => {
      if (inbox.poll === call) this.#forget(inbox);
    });
    this.#serve(inbox);
  }

  /** Just after a take-over, an address whose owner has not come back yet is kept open for it. */
  #inbox(address: string): Inbox | undefined {
    const known = this.#inboxes.get(address);
    if (known !== undefined || this.#context.clock.monotonic() >= this.#context.graceUntil) return known;
    const early: Inbox = { session: undefined, waiting: [], poll: undefined, timer: undefined };
    this.#inboxes.set(address, early);
    this.#context.clock.after(2 * this.#context.limits.graceMs, () => {
      if (this.#inboxes.get(address) === early) this.#inboxes.delete(address);
    });
    return early;
  }

  #serve(inbox: Inbox | undefined): void {
    if (inbox === undefined) return;
    if (inbox.waiting.length > inboxLimit) inbox.waiting.splice(0, inbox.waiting.length - inboxLimit);
    if (inbox.poll === undefined || inbox.waiting.length === 0) return;
    this.#answer(inbox, inbox.waiting.splice(0, inbox.poll.ask.max));
  }

  #answer(inbox: Inbox, replies: readonly Reply[]): void {
    const { poll } = inbox;
    this.#forget(inbox);
    const runs = replies.map(({ bytes, first }): StoredMeta => ({ base: 0, first, count: 1, length: bytes.length }));
    poll?.answer(
      { runs },
      replies.map(({ bytes }) => bytes),
    );
  }

  #forget(inbox: Inbox): void {
    inbox.timer?.cancel();
    inbox.timer = undefined;
    inbox.poll = undefined;
  }
}
