import type { Timer } from '@millrace/core';
import { decodeRecords } from '../records/records.ts';
import type { RepliesMeta, StoredMeta } from '../wire/protocol.ts';
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

  /** Puts replies into the inboxes of their addresses; those whose address is gone are dropped. */
  deliver({ to, batch }: RepliesMeta, body: Uint8Array): void {
    checkedBatch(0, batch, body);
    const records = decodeRecords({ bytes: body, baseOffset: 0, firstTime: batch.first });
    for (const [address, count] of to) {
      const inbox = this.#inbox(address);
      for (let n = 0; n < count; n++) {
        const { done, value } = records.next();
        if (done === true) break;
        inbox?.waiting.push({ bytes: value.encoded, first: batch.first });
      }
    }
    for (const [address] of to) this.#serve(this.#inboxes.get(address));
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
    poll?.answer(
      { runs: runsOf(replies) },
      replies.map(({ bytes }) => bytes),
    );
  }

  #forget(inbox: Inbox): void {
    inbox.timer?.cancel();
    inbox.timer = undefined;
    inbox.poll = undefined;
  }
}

/** Replies that count their times from the same one are decoded together. */
function runsOf(replies: readonly Reply[]): StoredMeta[] {
  const runs: { base: number; first: number; count: number; length: number }[] = [];
  for (const { bytes, first } of replies) {
    const last = runs.at(-1);
    if (last?.first === first) {
      last.count++;
      last.length += bytes.length;
    } else runs.push({ base: 0, first, count: 1, length: bytes.length });
  }
  return runs;
}
