import type { Command } from 'commander';
import { didYouMean } from '@millrace/core';
import { eventStream } from '@millrace/messaging';
import type { LogEvent, Millrace, ReadRange } from '@millrace/messaging';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { raise } from '../errors.ts';
import { toJson } from '../output.ts';
import { parseCount, parsePosition } from '../positions.ts';

interface TailFlags {
  readonly from?: ReturnType<typeof parsePosition>;
  readonly follow?: boolean;
  readonly filter?: string;
  readonly limit?: number;
  readonly last?: number;
  readonly headers?: boolean;
}

export function addTailCommand(program: Command): void {
  program
    .command('tail')
    .description('Print the messages of a destination, from a position on, without taking part in any group.')
    .argument('<destination>', 'what to read')
    .option('--from <position>', "'earliest', 'latest', an offset, a time, or an age such as -15m", parsePosition)
    .option(
      '-n, --last <count>',
      'begin this many messages before the end of each partition (default 10 without --from)',
      parseCount('--last'),
    )
    .option('-f, --follow', 'go on with what comes')
    .option('--filter <expression>', "print only messages for which this is true, e.g. 'payload.celsius > 30'")
    .option('--limit <count>', 'stop after this many messages', parseCount('--limit', 1))
    .option('--headers', 'also print headers')
    .action(async (destination: string, flags: TailFlags, command: Command) => {
      const context = contextOf(command);
      await context.connected((mr) => tail(mr, context, destination, flags));
    });
}

async function tail(mr: Millrace, { output }: CommandContext, destination: string, flags: TailFlags): Promise<void> {
  await checkDestination(mr, destination);
  const matches = flags.filter === undefined ? () => true : await predicateOf(flags.filter);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  let left = flags.limit ?? Infinity;
  for await (const event of eventsOf(mr, destination, flags, stop.signal)) {
    if (!matches({ payload: event.payload, headers: event.headers })) continue;
    output.record(event, () => formatEvent(event, flags.headers ?? false));
    if (--left <= 0) break;
  }
}

async function predicateOf(expression: string): Promise<(root: object) => boolean> {
  const { compile, toPredicate } = await import('@millrace/expressions');
  return toPredicate(compile(expression));
}

async function* eventsOf(
  mr: Millrace,
  destination: string,
  flags: TailFlags,
  signal: AbortSignal,
): AsyncIterable<LogEvent<unknown>> {
  const stream = eventStream(destination);
  const to: ReadRange['to'] = flags.follow ? 'follow' : 'now';
  if (flags.from !== undefined) {
    const range: ReadRange = { from: flags.from === 'latest' ? new Date() : flags.from, to, signal };
    for await (const batch of mr.read(stream, range)) yield* batch;
    return;
  }
  const { raw } = await mr.binder();
  const partitions = (await raw.log?.partitions(destination)) ?? [];
  const last = flags.last ?? 10;
  if (partitions.length === 1) {
    const { earliest, next } = partitions[0]!;
    for await (const batch of mr.read(stream, { from: Math.max(earliest, next - last), to, signal })) yield* batch;
    return;
  }
  for (const { partition, earliest, next } of partitions) {
    for await (const batch of mr.read(stream, { from: Math.max(earliest, next - last), to: next, partitions: [partition], signal }))
      yield* batch;
  }
  if (flags.follow) for await (const batch of mr.read(stream, { from: new Date(), to: 'follow', signal })) yield* batch;
}

/** Fails with a hint when there is no such destination, instead of waiting for ever at something misspelt. */
export async function checkDestination(mr: Millrace, name: string): Promise<void> {
  const { provisioner } = await mr.binder();
  if ((await provisioner.describe(name)) !== undefined) return;
  const names = (await provisioner.list()).map((destination) => destination.name);
  throw raise('UNKNOWN_DESTINATION', { name, hint: didYouMean(name, names) });
}

function formatEvent(event: LogEvent<unknown>, headers: boolean): string {
  const key = event.key === undefined ? '' : ` ${event.key}:`;
  const payload = typeof event.payload === 'string' ? event.payload : toJson(event.payload);
  return `${event.partition}@${event.offset}${key} ${payload}${headers ? ` ${toJson(event.headers)}` : ''}`;
}
