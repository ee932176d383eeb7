import type { Command } from 'commander';
import type { ParkedFilter, ParkedMessage } from '@millrace/messaging';
import { contextOf } from '../context.ts';
import { raise } from '../errors.ts';
import { readable } from '../output.ts';
import { parseCount } from '../positions.ts';

interface FilterFlags {
  readonly destination?: string;
  readonly group?: string;
  readonly cause?: string;
  readonly all?: boolean;
}

export function addParkedCommands(program: Command): void {
  const group = program.command('parked').description('Messages that failed for good: look, correct, send again, discard.');
  group
    .command('summary', { isDefault: true })
    .description('Dead-letter destinations with their number of messages.')
    .action(async (_, command: Command) => {
      const { output, connected } = contextOf(command);
      const rows = await connected((mr) => mr.parked.summary());
      output.table(rows, ['destination', 'group', 'count', 'deadLetter'], 'nothing is parked');
    });
  filtered(group.command('list'))
    .description('List parked messages, oldest first.')
    .option('--limit <count>', 'at most this many', parseCount('--limit', 1), 100)
    .action(async (flags: FilterFlags & { limit: number }, command: Command) => {
      const { output, connected } = contextOf(command);
      const messages = await connected((mr) => mr.parked.list(filterOf(flags, []), { limit: flags.limit }));
      output.table(
        output.json ? messages.map(describe) : messages.map(summarise),
        ['id', 'destination', 'group', 'attempts', 'cause', 'parked'],
        'nothing is parked',
      );
    });
  group
    .command('show')
    .description('Show a parked message with its headers, payload and the whole cause.')
    .argument('<id>')
    .action(async (id: string, _, command: Command) => {
      const { output, connected } = contextOf(command);
      const message = describe(await connected((mr) => mr.parked.show(id)));
      output.record(message, () =>
        JSON.stringify(message, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2),
      );
    });
  group
    .command('edit')
    .description('Replace the payload of a parked message; prints its new id.')
    .argument('<id>')
    .argument('<payload>')
    .action(async (id: string, payload: string, _, command: Command) => {
      const { output, connected } = contextOf(command);
      const edited = await connected((mr) => mr.parked.edit(id, { payload: Buffer.from(payload) }));
      output.record({ id: edited }, () => edited);
    });
  filtered(group.command('redrive'))
    .description('Send parked messages back to the group that parked them.')
    .argument('[ids...]')
    .option('--rate <perSecond>', 'messages per second, at most', parseCount('--rate', 1))
    .action(async (ids: string[], flags: FilterFlags & { rate?: number }, command: Command) => {
      const { output, connected } = contextOf(command);
      const filter = selection(flags, ids);
      const onProgress = output.interactive ? (done: number): void => void process.stderr.write(`\r${done} re-driven`) : undefined;
      const result = await connected((mr) => mr.parked.redrive(filter, { ratePerSecond: flags.rate, onProgress }));
      if (output.interactive) process.stderr.write('\r');
      output.record(result, () => `re-drove ${result.redriven} message${result.redriven === 1 ? '' : 's'}`);
    });
  filtered(group.command('discard'))
    .description('Remove parked messages for good.')
    .argument('[ids...]')
    .action(async (ids: string[], flags: FilterFlags, command: Command) => {
      const { output, connected } = contextOf(command);
      const result = await connected((mr) => mr.parked.discard(selection(flags, ids)));
      output.record(result, () => `discarded ${result.discarded} message${result.discarded === 1 ? '' : 's'}`);
    });
}

function filtered(command: Command): Command {
  return command
    .option('--destination <name>', 'only those that came from this destination')
    .option('--group <name>', 'only those that this group parked')
    .option('--cause <text>', 'only those whose cause contains this')
    .option('--all', 'every parked message');
}

function filterOf(flags: FilterFlags, ids: readonly string[]): ParkedFilter {
  const { destination, group, cause } = flags;
  return { destination, group, cause, ...(ids.length > 0 ? { ids } : {}) };
}

// Acting on everything must be said, not come from a forgotten filter.
function selection(flags: FilterFlags, ids: readonly string[]): ParkedFilter {
  const nothing = ids.length === 0 && !flags.destination && !flags.group && !flags.cause && !flags.all;
  if (nothing) throw raise('NOTHING_SELECTED', {});
  return filterOf(flags, ids);
}

function summarise(message: ParkedMessage): Readonly<Record<string, unknown>> {
  const { id, destination, group, attempts, cause, parkedAt } = message;
  return { id, destination, group, attempts, cause: cause.message, parked: new Date(parkedAt).toISOString() };
}

function describe({ payload, ...message }: ParkedMessage): Readonly<Record<string, unknown>> {
  return { ...message, payload: payload === null ? null : readable(payload) };
}
