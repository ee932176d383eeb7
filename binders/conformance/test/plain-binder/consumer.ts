import type { Clock } from '@millrace/core';
import type { ConsumerBinding, ConsumerOptions, Delivery } from '@millrace/messaging/binder';
import type { Group, Member } from './group.ts';

export class PlainConsumer implements ConsumerBinding, Member {
  readonly destination: string;
  readonly group: string;
  readonly options: ConsumerOptions;
  readonly #queue: Group;
  readonly #clock: Clock;
  readonly #left: () => void;
  readonly #paused = new Set<number>();
  #allPaused = false;
  #waiting: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(destination: string, group: string, queue: Group, clock: Clock, options: ConsumerOptions, left: () => void) {
    this.destination = destination;
    this.group = group;
    this.options = options;
    this.#queue = queue;
    this.#clock = clock;
    this.#left = left;
  }

  async receive(max: number, waitMs?: number): Promise<readonly Delivery[]> {
    let isOver = false;
    const expire = () => {
      isOver = true;
      this.wake();
    };
    const timer = waitMs === undefined ? undefined : this.#clock.after(waitMs, expire);
    for (;;) {
      const got = this.#closing === undefined ? this.#take(max) : [];
      if (got.length > 0 || isOver || this.#closing !== undefined) {
        timer?.cancel();
        return got;
      }
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }

  async ack(deliveries: readonly Delivery[]): Promise<void> {
    this.#queue.ack(this, deliveries);
  }

  async release(deliveries: readonly Delivery[], delayMs = 0): Promise<void> {
    this.#queue.release(this, deliveries, delayMs);
  }

  pause(partitions?: readonly number[]): void {
    if (partitions === undefined) this.#allPaused = true;
    for (const partition of partitions ?? []) this.#paused.add(partition);
  }

  resume(partitions?: readonly number[]): void {
    this.#allPaused = false;
    if (partitions === undefined) this.#paused.clear();
    for (const partition of partitions ?? []) this.#paused.delete(partition);
    this.wake();
  }

  async lag(): Promise<undefined> {
    return undefined;
  }

  wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  #take(max: number): readonly Delivery[] {
    const room = (this.options.maxInFlight ?? 1000) - this.#queue.inFlight(this);
    return this.#queue.take(this, Math.min(max, room), (partition) => this.#allPaused || this.#paused.has(partition));
  }

  async #leave(): Promise<void> {
    this.wake();
    this.#left();
    await this.#queue.leave(this);
  }
}
