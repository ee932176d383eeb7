import type { Clock, Timer } from '@millrace/core';

/** Something that gives up at some time. */
export interface Expiring {
  /** Called once when its time has come, unless it was removed before. */
  expired(): void;
}

/**
 * Watches over many deadlines with one timer: they are rounded up to slots of `slotMs` and each slot fires as a whole. Adding and
 * removing cost one set operation, which a hundred thousand calls a second can afford; a timer for each they cannot.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #slots = new Map<number, Set<Expiring>>();
  #timer: Timer | undefined;
  #timerSlot = Infinity;

  constructor(clock: Clock, slotMs = 10) {
    this.#clock = clock;
    this.#slotMs = slotMs;
  }

  /** Watches `item` for `ms` milliseconds of monotonic time; returns what `remove` needs. */
  add(item: Expiring, ms: number): number {
    const slot = Math.ceil((this.#clock.monotonic() + ms) / this.#slotMs);
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, new Set([item]));
    else items.add(item);
    if (slot < this.#timerSlot) this.#arm(slot);
    return slot;
  }

  /** Forgets an item; nothing happens if it is gone. */
  remove(item: Expiring, slot: number): void {
    const items = this.#slots.get(slot);
    if (items?.delete(item) === true && items.size === 0) this.#slots.delete(slot);
  }

  /** Forgets all without telling them. */
  close(): void {
    this.#slots.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerSlot = Infinity;
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#timerSlot = slot;
    this.#timer = this.#clock.after(slot * this.#slotMs - this.#clock.monotonic(), () => this.#fire());
  }

  #fire(): void {
    this.#timerSlot = Infinity;
    const due = this.#clock.monotonic() / this.#slotMs;
    for (const [slot, items] of this.#slots) {
      if (slot > due) continue;
      this.#slots.delete(slot);
      for (const item of items) item.expired();
    }
    const next = Math.min(...this.#slots.keys());
    if (next < this.#timerSlot) this.#arm(next);
  }
}
