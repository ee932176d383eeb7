import type { Assignment, GroupPollAnswer, Position } from '../../wire/protocol.ts';
import type { Call } from '../call.ts';
import type { Sharer } from './assignment.ts';

/** One consumer of a group: what it has to be told, and the poll that will tell it. */
export class Member implements Sharer {
  readonly consumer: string;
  readonly assignment: Sharer['assignment'];
  /** Partitions that it had before its connection was lost, with their epochs. */
  readonly held: ReadonlyMap<number, number>;
  #assigned: Assignment[] = [];
  #revoking: number[] = [];
  #lost: number[] = [];
  #poll: Call<'group.poll'> | undefined;
  #stopWaiting: (() => void)[] = [];

  constructor(consumer: string, assignment: Sharer['assignment'], held: readonly (readonly [partition: number, epoch: number])[]) {
    this.consumer = consumer;
    this.assignment = assignment;
    this.held = new Map(held);
  }

  assigned(assignment: Assignment): void {
    this.#lost = this.#lost.filter((partition) => partition !== assignment.partition);
    this.#assigned.push(assignment);
    this.#tell();
  }

  revoke(partition: number): void {
    this.#revoking.push(partition);
    this.#tell();
  }

  lose(partition: number): void {
    this.#assigned = this.#assigned.filter((assignment) => assignment.partition !== partition);
    this.#revoking = this.#revoking.filter((revoked) => revoked !== partition);
    this.#lost.push(partition);
    this.#tell();
  }

  /** Takes a new poll; an earlier one ends empty. */
  takePoll(call: Call<'group.poll'>): void {
    this.endPoll();
    this.#poll = call;
    call.onCancel(() => {
      if (this.#poll === call) this.#forgetPoll();
    });
    this.#tell();
  }

  /** The poll that waits, with what it wants. */
  get wants(): readonly Position[] | undefined {
    return this.#poll?.ask.wants;
  }

  get maxBytes(): number {
    return this.#poll?.ask.maxBytes ?? 0;
  }

  waitFor(stop: () => void): void {
    this.#stopWaiting.push(stop);
  }

  stopWaiting(): void {
    for (const stop of this.#stopWaiting) stop();
    this.#stopWaiting = [];
  }

  /** Answers the poll with batches. */
  deliver(batches: GroupPollAnswer['batches'], body: readonly Uint8Array[]): void {
    this.#answer(batches, body);
  }

  endPoll(): void {
    if (this.#poll !== undefined) this.#answer([], []);
  }

  failPoll(error: unknown): void {
    const poll = this.#poll;
    this.#forgetPoll();
    poll?.fail(error);
  }

  #tell(): void {
    if (this.#poll === undefined) return;
    if (this.#assigned.length + this.#revoking.length + this.#lost.length > 0) this.#answer([], []);
  }

  #answer(batches: GroupPollAnswer['batches'], body: readonly Uint8Array[]): void {
    const poll = this.#poll!;
    const [assigned, revoking, lost] = [this.#assigned, this.#revoking, this.#lost];
    this.#assigned = [];
    this.#revoking = [];
    this.#lost = [];
    this.#forgetPoll();
    poll.give({ assigned, revoking, lost, batches }, body);
  }

  #forgetPoll(): void {
    this.#poll = undefined;
    this.stopWaiting();
  }
}
