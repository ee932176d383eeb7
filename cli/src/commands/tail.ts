import type { Command } from 'commander';
import { eventStream } from '@millrace/messaging';
import type { LogEvent, Millrace, ReadRange } from '@millrace/messaging';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { checkDestination } from '../known-destination.ts';
import { readable, toJson } from '../output.ts';
import { parseCount, parsePosition, positionForms } from '../positions.ts';

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
    .option('--from <position>', positionForms, parsePosition)
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
  const range: ReadRange = {
    from: await startOf(mr, destination, flags),
    to: flags.follow ? 'follow' : 'now',
    signal: stop.signal,
  };
  for await (const batch of mr.read(eventStream(destination), range)) {
    for (const event of batch) {
      if (!matches({ payload: event.payload, headers: event.headers })) continue;
      output.record(event, () => formatEvent(event, flags.headers ?? false));
      if (--left <= 0) return;
    }
  }
}

async function predicateOf(expression: string): Promise<(root: object) => boolean> {
  const { compile, toPredicate } = await import('@millrace/expressions');
  return toPredicate(compile(expression, { rootNames: ['payload', 'headers'] }));
}

/** Where to begin: as asked, or some messages before the end of each partition. */
async function startOf(mr: Millrace, destination: string, { from, last = 10 }: TailFlags): Promise<ReadRange['from']> {
  if (from !== undefined) return from;
  const { raw } = await mr.binder(eventStream(destination));
  const partitions = (await raw.log?.partitions(destination)) ?? [];
  return new Map(partitions.map(({ partition, earliest, next }) => [partition, Math.max(earliest, next - last)]));
}

function formatEvent(event: LogEvent<unknown>, headers: boolean): string {
  const key = event.key === undefined ? '' : ` ${event.key}:`;
  const payload = event.payload instanceof Uint8Array ? readable(event.payload) : textOf(event.payload);
  return `${event.partition}@${event.offset}${key} ${payload}${headers ? ` ${toJson(event.headers)}` : ''}`;
}

function textOf(payload: unknown): string {
  return typeof payload === 'string' ? payload : toJson(payload);
}
