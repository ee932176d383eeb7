import type { ConsumerBinding, Delivery } from './binding.ts';
import type { InboundMessage, OutboundMessage } from './message.ts';

/** Reading a destination as a partitioned, replayable log, without a group. */
export interface LogFacet {
  /** The partitions with their bounds now. `NOT_FOUND` for an unknown destination. */
  partitions(destination: string): Promise<readonly PartitionBounds[]>;
  /** The first offset whose message is not older than `time` (milliseconds); the end if there is none. */
  offsetAt(destination: string, partition: number, time: number): Promise<number>;
  /**
   * Reads from `from` on: whole stored batches up to about `maxBytes`, at least one message if there is one; empty at the end after
   * waiting up to `waitMs` (default 0) for more. An offset that retention removed continues at the earliest kept one.
   */
  read(destination: string, partition: number, from: number, options?: ReadOptions): Promise<LogSlice>;
  /** The positions that a group has acknowledged, by partition; partitions without one are absent. */
  committed(destination: string, group: string): Promise<ReadonlyMap<number, number>>;
  /** Moves a group to these positions (the next offset it will get), at once for active members too. */
  seek(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<void>;
}

/** What a partition holds: offsets from `earliest` up to, not including, `next`. */
export interface PartitionBounds {
  readonly partition: number;
  /** The oldest offset kept. */
  readonly earliest: number;
  /** The offset that the next message will get. */
  readonly next: number;
}

/** How much to read and how long to wait for it: bytes, milliseconds. */
export interface ReadOptions {
  readonly maxBytes?: number | undefined;
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Consecutive messages of one partition. */
export interface LogSlice {
  readonly messages: readonly LogMessage[];
  /** Where to read on. */
  readonly next: number;
}

/** A message in a log. */
export interface LogMessage extends InboundMessage {
  readonly partition: number;
  readonly offset: number;
}

/** Consume-process-produce as one step: either all of it is visible after a crash, or nothing. */
export interface TransactionFacet {
  /**
   * Appends `produced` and acknowledges `consumed` atomically and durably. Rejects with `CONFLICT`, having done nothing, when a
   * consumed delivery's partition now belongs to another member.
   */
  commit(transaction: Transaction): Promise<void>;
}

/** Consumed deliveries and produced messages that are committed together, or not at all. */
export interface Transaction {
  readonly consumed: readonly { readonly binding: ConsumerBinding; readonly deliveries: readonly Delivery[] }[];
  readonly produced: readonly { readonly destination: string; readonly messages: readonly OutboundMessage[] }[];
}
