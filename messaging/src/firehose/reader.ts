import type { MillraceError } from '@millrace/core';
import type { LogFacet, LogMessage, LogSlice, PartitionBounds } from '../binder/index.ts';
import type { LogEvent, ReadRange } from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { binderError, raise } from '../errors.ts';
import { MessageCoder } from '../policies/message-coder.ts';
import type { Services } from '../runtime/services.ts';
import { LogDecoder } from './log-decoder.ts';

/** The part of a partition that is still to be read. */
interface Span {
  readonly partition: number;
  next: number;
  readonly end: number;
}

/** How long a reader that follows the log waits at its end before it asks again. */
const followWaitMs = 1000;

/**
 * Reads a stretch of the log as batches, each from one partition and in its order; partitions are read concurrently, one slice ahead.
 */
export async function* readLog<T>(
  services: Services,
  stream: EventStream<T>,
  range: ReadRange = {},
): AsyncGenerator<readonly LogEvent<T>[]> {
  const binder = await services.binderFor(stream);
  const { log } = binder;
  const destination = stream.name;
  if (log === undefined) throw raise('FACET_MISSING', { binder: binder.name, facet: 'log', operation: 'read', destination });
  const decoder = new LogDecoder(new MessageCoder<T>(destination, stream.options, services.codecs, services), destination);
  try {
    const spans = await spansOf(log, destination, range);
    for await (const messages of slices(log, destination, spans, range)) yield await decoder.all(messages);
  } catch (error) {
    throw cancelled(range, destination) ?? binderError(binder, `read '${destination}'`, error);
  }
}

async function spansOf(log: LogFacet, destination: string, range: ReadRange): Promise<Span[]> {
  const all = await log.partitions(destination);
  const chosen = range.partitions === undefined ? all : range.partitions.map((number) => partitionOf(all, number, destination));
  return Promise.all(chosen.map((bounds) => spanOf(log, destination, bounds, range)));
}

function partitionOf(all: readonly PartitionBounds[], partition: number, destination: string): PartitionBounds {
  const found = all.find((bounds) => bounds.partition === partition);
  if (found === undefined) throw raise('NO_SUCH_PARTITION', { destination, partition, last: all.length - 1 });
  return found;
}

async function spanOf(log: LogFacet, destination: string, bounds: PartitionBounds, range: ReadRange): Promise<Span> {
  const { partition, earliest, next } = bounds;
  const { to = 'now' } = range;
  const at = (time: Date) => log.offsetAt(destination, partition, time.getTime());
  const start = range.from instanceof Date ? await at(range.from) : startOf(bounds, range.from);
  const end = to instanceof Date ? await at(to) : to === 'now' ? next : to === 'follow' ? Infinity : to;
  return { partition, next: Math.max(start, earliest), end: to === 'follow' ? Infinity : Math.min(end, next) };
}

function startOf({ partition, earliest, next }: PartitionBounds, from: Exclude<ReadRange['from'], Date>): number {
  if (typeof from === 'number') return from;
  if (from === 'latest') return next;
  return typeof from === 'object' ? (from.get(partition) ?? earliest) : earliest;
}

/** The messages of all spans, as they come. */
async function* slices(
  log: LogFacet,
  destination: string,
  spans: readonly Span[],
  range: ReadRange,
): AsyncGenerator<readonly LogMessage[]> {
  const stop = new AbortController();
  const signal = range.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, range.signal]);
  const waitMs = range.to === 'follow' ? followWaitMs : 0;
  const pending = new Map<Span, Promise<readonly [Span, LogSlice]>>();
  const request = (span: Span) => {
    const slice = log.read(destination, span.partition, span.next, { waitMs, signal }).then((read) => [span, read] as const);
    // Awaited below, unless the caller stops before.
    slice.catch(() => {});
    pending.set(span, slice);
  };
  try {
    for (const span of spans) if (span.next < span.end) request(span);
    while (pending.size > 0) {
      if (range.signal?.aborted === true) throw raise('READ_CANCELLED', { destination });
      const [span, slice] = await Promise.race(pending.values());
      pending.delete(span);
      const messages = within(span, slice.messages);
      const stuck = slice.next <= span.next && span.end < Infinity;
      span.next = slice.next;
      if (span.next < span.end && !stuck) request(span);
      if (messages.length > 0) yield messages;
    }
  } finally {
    stop.abort();
  }
}

/** The messages of a slice that belong to the span; a slice may begin before it and end behind it. */
function within({ next, end }: Span, messages: readonly LogMessage[]): readonly LogMessage[] {
  const first = messages[0];
  if (first === undefined || (first.offset >= next && messages.at(-1)!.offset < end)) return messages;
  return messages.filter(({ offset }) => offset >= next && offset < end);
}

/** An aborted read rejects in the way of its binder; the caller is told in ours. */
function cancelled(range: ReadRange, destination: string): MillraceError | undefined {
  return range.signal?.aborted === true ? raise('READ_CANCELLED', { destination }) : undefined;
}
