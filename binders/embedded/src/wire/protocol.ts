import type { Damage } from '../journal/journal.ts';
import type { DestinationInfo, DestinationSpec, StartPosition, WatchEvent, WatchOptions, Where } from '@millrace/messaging/binder';
import type { LeaseRun } from './leases.ts';

/**
 * What clients ask the broker, the same over every transport. Meta is JSON; records travel as bytes in the body, batch after batch.
 * Raised whenever a change would make an older process misunderstand a newer one.
 */
export const protocolVersion = 1;

/** Partitions that a destination can have. */
export const maxPartitions = 4096;

/** Distinct priorities of commands, 0 to 9. */
export const priorities = 10;

/** How the broker and its journal are. */
export interface Inspection {
  /** The number of the process that holds the data. */
  readonly process: number;
  readonly segments: number;
  readonly bytes: number;
  readonly damage: readonly (Damage & { readonly of: string | undefined })[];
  /** Why nothing is written any more, if so. */
  readonly fenced?: string | undefined;
  /** Why the last attempt to free room failed, if it did. */
  readonly maintenance?: string | undefined;
}

/** Where a batch of records lies in a body, and its times. */
export interface BatchMeta {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly length: number;
}

export interface PartitionBatchMeta extends BatchMeta {
  readonly partition: number;
}

/** A run of stored records in a body: decode with `base` and `first`. */
export interface StoredMeta {
  readonly base: number;
  readonly first: number;
  readonly count: number;
  readonly length: number;
}

export interface StoredPartitionMeta extends StoredMeta {
  readonly partition: number;
}

/** A partition, the assignment it is held under, and an offset in it. */
export type Position = readonly [partition: number, epoch: number, offset: number];

export interface Assignment {
  readonly partition: number;
  readonly epoch: number;
  /** The first offset to read. */
  readonly from: number;
  /** Offsets below were handed out before. */
  readonly delivered: number;
}

export interface JoinRequest {
  readonly consumer: string;
  readonly destination: string;
  readonly group: string | undefined;
  readonly start: StartPosition | undefined;
  readonly partitions: number | undefined;
  readonly assignment: { readonly index: number; readonly count: number } | undefined;
  /** Partitions held before the connection was lost; given back to this consumer where nobody else has them. */
  readonly held: readonly (readonly [partition: number, epoch: number])[];
}

export interface GroupPollAnswer {
  readonly assigned: readonly Assignment[];
  readonly revoking: readonly number[];
  /** Taken away without asking: the revocation took too long. */
  readonly lost: readonly number[];
  readonly batches: readonly StoredPartitionMeta[];
}

/** Commands that were leased one after another, and how often each was handed out before. */
export type QueueItems = readonly [offset: number, lease: number, count: number, redeliveries: number];

/** As many replies that follow each other as `count` says go to this address. */
export type ReplyAddress = readonly [address: string, count: number];

/** Replies in a body. */
export interface RepliesMeta {
  readonly to: readonly ReplyAddress[];
  readonly batch: BatchMeta;
}

export interface SelectorMeta {
  readonly keys: readonly string[] | undefined;
  readonly prefix: string | undefined;
  readonly pattern: string | undefined;
  readonly where: Where | undefined;
}

export interface EntryMeta {
  readonly key: string;
  readonly contentType: string;
  readonly version: number;
  readonly time: number;
  readonly length: number;
}

/** How a change ended; `version` is the entry's version now. */
export interface OutcomeMeta {
  readonly applied: boolean;
  readonly version: number;
  readonly existed: boolean;
}

/** A watch event whose bytes (value, then previous, then metadata) lie in the body. */
export interface EventMeta {
  readonly kind: WatchEvent['kind'];
  readonly key?: string;
  readonly contentType?: string;
  readonly version?: number;
  readonly time?: number;
  readonly origin?: string | undefined;
  readonly reason?: string;
  readonly position: string;
  readonly value?: number | undefined;
  readonly previous?: number | undefined;
  readonly metadata?: number | undefined;
}

export type WatchMeta = Omit<WatchOptions, 'resumeAfter'> & { readonly resumeAfter?: string | undefined };

/** Every operation with its question and its answer. */
export interface Operations {
  hello: { ask: { version: number; producer: string }; answer: { version: number } };
  ping: { ask: object; answer: object };
  bye: { ask: object; answer: object };
  inspect: { ask: object; answer: Inspection };

  'destination.ensure': {
    ask: { name: string; spec: DestinationSpec; requiredGroups?: readonly string[] | undefined; attach?: boolean };
    answer: { info: DestinationInfo };
  };
  'destination.describe': { ask: { name: string }; answer: { info?: DestinationInfo | undefined } };
  'destination.list': { ask: object; answer: { infos: readonly DestinationInfo[] } };
  'destination.delete': { ask: { name: string }; answer: object };

  /** The answer's offsets are absent where it was done before the connection was lost. */
  'log.send': { ask: { destination: string; batches: readonly PartitionBatchMeta[] }; answer: { bases: readonly number[] } };
  'log.read': {
    ask: { destination: string; partition: number; from: number; maxBytes: number; waitMs: number };
    answer: { next: number; batches: readonly StoredMeta[] };
  };
  'log.bounds': { ask: { destination: string }; answer: { bounds: readonly (readonly [earliest: number, next: number])[] } };
  'log.offsetAt': { ask: { destination: string; partition: number; time: number }; answer: { offset: number } };

  'group.committed': {
    ask: { destination: string; group: string };
    answer: { positions: readonly (readonly [partition: number, offset: number])[] };
  };
  'group.seek': {
    ask: { destination: string; group: string; positions: readonly (readonly [partition: number, offset: number])[] };
    answer: object;
  };
  'group.join': { ask: JoinRequest; answer: { group: string; partitions: number } };
  'group.poll': {
    ask: { consumer: string; wants: readonly Position[]; maxBytes: number };
    answer: GroupPollAnswer;
  };
  'group.revoked': {
    ask: { consumer: string; partitions: readonly (readonly [partition: number, delivered: number])[] };
    answer: object;
  };
  'group.ack': { ask: { consumer: string; positions: readonly Position[] }; answer: object };
  'group.leave': {
    ask: { consumer: string; delivered: readonly (readonly [partition: number, delivered: number])[] };
    answer: object;
  };
  'group.lag': { ask: { destination: string; group: string }; answer: { lag: number } };

  'queue.send': {
    /** `awaitsReplies`: who sends waits for replies and not for the answer. */
    ask: { queue: string; batch: BatchMeta; waitMs: number; awaitsReplies: boolean };
    answer: { base: number | undefined; duplicates: readonly number[] };
  };
  'queue.join': { ask: { consumer: string; queue: string; leaseMs: number; held: readonly LeaseRun[] }; answer: object };
  'queue.poll': {
    ask: { consumer: string; max: number; maxBytes: number; waitMs: number | undefined };
    answer: { items: readonly QueueItems[]; runs: readonly StoredMeta[] };
  };
  /** Replies go out first. */
  'queue.ack': { ask: { consumer: string; items: readonly LeaseRun[]; replies?: RepliesMeta | undefined }; answer: object };
  'queue.release': { ask: { consumer: string; items: readonly LeaseRun[]; delayMs: number }; answer: object };
  'queue.extend': { ask: { consumer: string; items: readonly LeaseRun[] }; answer: { lost: readonly number[] } };
  /** `unseen`: offsets of commands that no handler saw. */
  'queue.leave': { ask: { consumer: string; unseen: readonly number[] }; answer: object };
  'queue.depth': { ask: { queue: string }; answer: { depth: number } };
  'queue.cancel': { ask: { queue: string; id: string }; answer: { cancelled: boolean } };

  'reply.open': { ask: { address: string }; answer: object };
  'reply.send': { ask: RepliesMeta; answer: object };
  'reply.poll': {
    ask: { address: string; max: number; waitMs: number | undefined };
    answer: { runs: readonly StoredMeta[] };
  };
  'reply.close': { ask: { address: string }; answer: object };

  'region.open': { ask: { region: string; changeRetentionMs: number | undefined }; answer: object };
  'region.get': { ask: { region: string; keys: readonly string[] }; answer: { entries: readonly (EntryMeta | null)[] } };
  'region.apply': {
    ask: { region: string; batch: BatchMeta; origin: string | undefined; atomic: boolean };
    answer: { outcomes: readonly OutcomeMeta[] };
  };
  'region.scan': {
    ask: { region: string; selector: SelectorMeta; after: string | undefined; limit: number };
    /** `more`: there are further entries after the last one. */
    answer: { entries: readonly EntryMeta[]; more: boolean };
  };
  'region.count': { ask: { region: string }; answer: { count: number } };
  'region.clear': { ask: { region: string; origin: string | undefined }; answer: object };
  'watch.open': { ask: { watch: string; region: string; selector: SelectorMeta; options: WatchMeta }; answer: object };
  'watch.poll': {
    ask: { watch: string; max: number; maxBytes: number };
    answer: { events: readonly EventMeta[] };
  };
  'watch.ack': { ask: { watch: string; position: string }; answer: object };
  'watch.close': { ask: { watch: string }; answer: object };

  'parking.add': { ask: { name: string; batch: BatchMeta }; answer: { base: number | undefined } };
  'parking.list': {
    ask: { name: string; after: number; limit: number };
    answer: { positions: readonly number[]; runs: readonly StoredMeta[] };
  };
  'parking.remove': { ask: { name: string; positions: readonly number[] }; answer: { removed: number } };
  'parking.summary': { ask: object; answer: { names: readonly { name: string; count: number }[] } };

  'transaction.commit': {
    ask: {
      consumed: readonly { consumer: string; positions: readonly Position[] }[];
      produced: readonly { destination: string; batches: readonly PartitionBatchMeta[] }[];
    };
    answer: object;
  };
}

/**
 * Operations that must not be done twice: they carry a sequence number, by which the broker recognises one that it has done already,
 * and are answered as before. The others can be repeated without harm.
 */
export const sequencedOperations: ReadonlySet<keyof Operations> = new Set<keyof Operations>([
  'log.send',
  'queue.send',
  'queue.cancel',
  'region.apply',
  'region.clear',
  'parking.add',
  'parking.remove',
  'transaction.commit',
  'destination.delete',
]);

/** Sequenced operations that a client has under way at most: the broker remembers this many answers for it. */
export const sequenceWindow = 256;

export type OperationName = keyof Operations;
export type Ask<Name extends OperationName> = Operations[Name]['ask'];
export type Answer<Name extends OperationName> = Operations[Name]['answer'];

/** An answer with its bytes. */
export interface Answered<Name extends OperationName> {
  readonly meta: Answer<Name>;
  readonly body: Uint8Array;
}
