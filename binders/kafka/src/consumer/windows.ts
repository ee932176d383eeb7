import type { LogDelivery } from './partition-window.ts';
import { PartitionWindow } from './partition-window.ts';

/** The partitions that a consumer has. */
export class Windows {
  #windows = new Map<number, PartitionWindow>();
  readonly #pausedPartitions = new Set<number>();
  #allPaused = false;

  all(): readonly PartitionWindow[] {
    return [...this.#windows.values()];
  }

  get(partition: number): PartitionWindow | undefined {
    return this.#windows.get(partition);
  }

  /** Begins at an offset; what was there of the partition before counts no more. */
  open(partition: number, from: number): PartitionWindow {
    this.#windows.get(partition)?.end();
    const window = new PartitionWindow(partition, from);
    this.#windows.set(partition, window);
    this.#applyPauses();
    return window;
  }

  drop(window: PartitionWindow): void {
    window.end();
    if (this.#windows.get(window.partition) === window) this.#windows.delete(window.partition);
  }

  pause(partitions: readonly number[] | undefined): void {
    if (partitions === undefined) this.#allPaused = true;
    else for (const partition of partitions) this.#pausedPartitions.add(partition);
    this.#applyPauses();
  }

  resume(partitions: readonly number[] | undefined): void {
    this.#allPaused = false;
    if (partitions === undefined) this.#pausedPartitions.clear();
    else for (const partition of partitions) this.#pausedPartitions.delete(partition);
    this.#applyPauses();
  }

  /** Hands out up to `max` messages, as long as fewer than `maxInFlight` are with the caller. */
  take(max: number, maxInFlight: number): LogDelivery[] {
    const windows = this.all();
    const inFlight = windows.reduce((sum, window) => sum + window.inFlight, 0);
    const limit = Math.min(max, maxInFlight - inFlight);
    const out: LogDelivery[] = [];
    for (const window of windows) {
      if (out.length >= limit) break;
      if (!window.isReady) continue;
      window.take(limit - out.length, out);
      // The next call begins with another partition.
      this.#windows.delete(window.partition);
      this.#windows.set(window.partition, window);
    }
    return out;
  }

  #applyPauses(): void {
    for (const window of this.#windows.values()) window.paused = this.#allPaused || this.#pausedPartitions.has(window.partition);
  }
}
