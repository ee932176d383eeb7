import type { Command } from 'commander';
import type { DestinationSpec } from '@millrace/messaging/binder';
import { contextOf } from '../context.ts';
import { raise } from '../errors.ts';
import { positionsAt } from '../group-positions.ts';
import { parseCount, parsePosition, positionForms } from '../positions.ts';
import { checkDestination, isInternal } from '../known-destination.ts';

interface SeekFlags {
  readonly group: string;
  readonly to: ReturnType<typeof parsePosition>;
  readonly partition?: number;
}

export function addDestinationCommands(program: Command): void {
  const group = program.command('destinations').description('What exists on the binder: logs, queues and regions.');
  group
    .command('list', { isDefault: true })
    .description('List destinations with their kind, partitions and number of messages.')
    .action(async (_, command: Command) => {
      const { output, connected } = contextOf(command);
      const all = await connected(async (mr) => (await mr.binder()).provisioner.list());
      const rows = all.filter(({ name }) => !isInternal(name));
      output.table(rows as never, ['name', 'kind', 'partitions', 'count', 'groups'], 'no destinations yet');
    });
  group
    .command('show')
    .description('Show one destination with its groups and their lag.')
    .argument('<name>')
    .action(async (name: string, _, command: Command) => {
      const { output, connected } = contextOf(command);
      const shown = await connected(async (mr) => {
        await checkDestination(mr, name);
        const { provisioner, raw } = await mr.binder();
        const info = (await provisioner.describe(name))!;
        const bounds = info.kind === 'log' ? await raw.log?.partitions(name) : undefined;
        const groups = await Promise.all(
          (info.groups ?? []).map(async (member) => ({ group: member, committed: await raw.log?.committed(name, member) })),
        );
        return { ...info, bounds, groups };
      });
      output.record(shown, () =>
        JSON.stringify(shown, (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value), 2),
      );
    });
  group
    .command('create')
    .description('Create a destination, or check that an existing one is as said.')
    .argument('<name>')
    .option('--kind <kind>', 'log, queue or region', 'log')
    .option('--partitions <count>', 'number of partitions', parseCount('--partitions', 1))
    .option('--retention-ms <ms>', 'remove messages older than this', parseCount('--retention-ms', 1))
    .option('--retention-bytes <bytes>', 'remove the oldest messages beyond this size', parseCount('--retention-bytes', 1))
    .option('--compact', 'keep the last message of each key')
    .action(async (name: string, spec: DestinationSpec, command: Command) => {
      const { output, connected } = contextOf(command);
      const info = await connected(async (mr) => (await mr.binder()).provisioner.ensure(name, spec));
      output.record(
        info,
        () => `${info.kind} ${name} is there with ${info.partitions} partition${info.partitions === 1 ? '' : 's'}`,
      );
    });
  group
    .command('seek')
    .description('Move a group: it reads on from there, back over what it has read or past what it cannot read.')
    .argument('<name>')
    .requiredOption('--group <group>', 'the group; one that is new begins there')
    .requiredOption('--to <position>', positionForms, parsePosition)
    .option('--partition <number>', 'only this partition', parseCount('--partition'))
    .action(async (name: string, { group: member, to, partition }: SeekFlags, command: Command) => {
      const { output, connected } = contextOf(command);
      const moved = await connected(async (mr) => {
        await checkDestination(mr, name);
        const { name: binder, raw } = await mr.binder();
        if (raw.log === undefined) throw raise('UNSUPPORTED_FACET', { binder, facet: 'log', destination: name });
        const positions = await positionsAt(raw.log, name, to, partition);
        await raw.log.seek(name, member, positions);
        return positions;
      });
      const places = [...moved].map(([number, offset]) => `${number}@${offset}`);
      output.record(
        { destination: name, group: member, positions: Object.fromEntries(moved) },
        () => `group ${member} reads ${name} from ${places.join(', ')} on`,
      );
    });
  group
    .command('delete')
    .description('Remove a destination with all its messages and groups.')
    .argument('<name>')
    .action(async (name: string, _, command: Command) => {
      const { output, connected } = contextOf(command);
      await connected(async (mr) => {
        await checkDestination(mr, name);
        await (await mr.binder()).provisioner.delete(name);
      });
      output.record({ deleted: name }, () => `deleted ${name}`);
    });
}
