import type { Command } from 'commander';
import { messageOf } from '@millrace/core';
import { region } from '@millrace/messaging';
import type { EntryEvent, RegionHandle } from '@millrace/messaging';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { raise } from '../errors.ts';
import { checkDestination, isInternal } from '../known-destination.ts';
import { toJson } from '../output.ts';
import { parseCount } from '../positions.ts';

interface WatchFlags {
  readonly where?: string;
  readonly prefix?: string;
  readonly snapshot: 'none' | 'keys' | 'values';
  readonly limit?: number;
}

export function addRegionCommands(program: Command): void {
  const group = program.command('regions').description('Entries of regions and their changes.');
  group
    .command('list')
    .description('List the regions with their number of entries.')
    .action(async (_, command: Command) => {
      const { output, connected } = contextOf(command);
      const all = await connected(async (mr) => {
        const { raw, provisioner } = await mr.binder();
        if (raw.region === undefined) throw raise('NO_REGIONS', { binder: raw.name });
        return provisioner.list();
      });
      output.table(
        all.filter(({ kind, name }) => kind === 'region' && !isInternal(name)) as never,
        ['name', 'count'],
        'no regions yet',
      );
    });
  group
    .command('get')
    .description('Print one entry, or all that meet a condition.')
    .argument('<region>')
    .argument('[key]')
    .option('--where <expression>', "a condition on the value, e.g. 'price > 100'")
    .action((name: string, key: string | undefined, flags: { where?: string }, command: Command) =>
      get(contextOf(command), name, key, flags.where),
    );
  group
    .command('put')
    .description('Create or replace an entry; the value is JSON.')
    .argument('<region>')
    .argument('<key>')
    .argument('<value>')
    .option('--ttl-ms <ms>', 'remove it after this time', parseCount('--ttl-ms', 1))
    .action(async (name: string, key: string, text: string, flags: { ttlMs?: number }, command: Command) => {
      const { output, connected } = contextOf(command);
      const value = parseValue(text);
      const { version } = await connected((mr) => mr.region(region(name)).put(key, value, { timeToLiveMs: flags.ttlMs }));
      output.record({ region: name, key, version }, () => `put ${name}/${key}, version ${version}`);
    });
  group
    .command('delete')
    .description('Remove an entry.')
    .argument('<region>')
    .argument('<key>')
    .action(async (name: string, key: string, _, command: Command) => {
      const { output, connected } = contextOf(command);
      const existed = await connected(async (mr) => {
        await checkDestination(mr, name, 'region');
        return mr.region(region(name)).delete(key);
      });
      output.record({ region: name, key, existed }, () => (existed ? `deleted ${name}/${key}` : `there was no ${name}/${key}`));
    });
  group
    .command('watch')
    .description('Print the entries and then every change, until interrupted.')
    .argument('<region>')
    .option('--where <expression>', 'only entries that meet this; prints entered, changed and left')
    .option('--prefix <text>', 'only keys that begin with this')
    .option('--snapshot <what>', 'what comes first: none, keys or values', 'values')
    .option('--limit <count>', 'stop after this many changes', parseCount('--limit', 1))
    .action((name: string, flags: WatchFlags, command: Command) => watch(contextOf(command), name, flags));
}

async function get(
  { output, connected }: CommandContext,
  name: string,
  key: string | undefined,
  where: string | undefined,
): Promise<void> {
  await connected(async (mr) => {
    await checkDestination(mr, name, 'region');
    const entries: RegionHandle<unknown> = mr.region(region(name));
    if (key === undefined) {
      for await (const entry of entries.query(where)) output.record(entry, () => `${entry.key}  ${toJson(entry.value)}`);
      return;
    }
    const entry = await entries.getEntry(key);
    if (entry === undefined) throw raise('UNKNOWN_ENTRY', { region: name, key });
    output.record(entry, () => toJson(entry.value));
  });
}

async function watch({ output, connected }: CommandContext, name: string, flags: WatchFlags): Promise<void> {
  await connected(async (mr) => {
    await checkDestination(mr, name, 'region');
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    let left = flags.limit ?? Infinity;
    const show = (event: EntryEvent<unknown>): void => {
      if (left <= 0) return;
      output.record(event, () => formatChange(event));
      if (event.kind !== 'snapshot' && event.kind !== 'live' && --left <= 0) finish();
    };
    process.once('SIGINT', finish);
    // One at a time, so that what is printed has the order of the changes.
    await using _watch = await mr
      .region(region(name))
      .watch({ where: flags.where, prefix: flags.prefix, snapshot: flags.snapshot, concurrency: 1 }, show);
    await done;
  });
}

function formatChange({ kind, key, value, previous, cause }: EntryEvent<unknown>): string {
  if (kind === 'live') return '-- live --';
  if (kind === 'gap') return `-- gap: ${cause} --`;
  const parts = [
    `${kind.padEnd(8)} ${key}`,
    ...(value === undefined ? [] : [toJson(value)]),
    ...(previous === undefined ? [] : [`(was ${toJson(previous)})`]),
  ];
  return parts.join('  ');
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const next = `for text write it in quotes: '"text"'`;
    throw raise('BAD_JSON', { what: 'the value', problem: messageOf(error), next }, error);
  }
}
