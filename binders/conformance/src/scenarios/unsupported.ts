import type { DestinationSpec, StartPosition } from '@millrace/messaging/binder';
import { refused, rejectsWith, unsupported } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { command, message } from '../messages.ts';
import * as needs from '../needs.ts';
import type { Need } from '../scenario.ts';
import { group, scenario } from '../scenario.ts';
import { put } from '../watching.ts';

/** What is not declared must fail with `UNSUPPORTED`: never be ignored, never half work. */
export const unsupportedScenarios = group(
  'unsupported',
  ...startPositions().map(({ title, need, start }) =>
    scenario(`${title} is refused where undeclared`, [needs.lacks(need)], async (kit) => {
      await unsupported(kit, kit.binder.bindConsumer(kit.name(), 'g', { start }), title);
    }),
  ),

  ...specs().map(({ title, need, spec }) =>
    scenario(`${title} is refused where undeclared`, [needs.lacks(need)], async (kit) => {
      await unsupported(kit, kit.binder.provisioner.ensure(kit.name(), spec), title);
    }),
  ),

  scenario('more partitions than log.maxPartitions are refused', [needs.log()], async (kit) => {
    const most = kit.can.log === false ? 0 : kit.can.log.maxPartitions;
    const asking = kit.binder.provisioner.ensure(kit.name(), { partitions: most + 1 });
    await rejectsWith(kit, ['UNSUPPORTED', 'INVALID_ARGUMENT'], asking, `${most + 1} partitions`);
  }),

  ...commandOptions().map(({ title, need, more }) =>
    scenario(`${title} is refused where undeclared`, [needs.lacks(need, 'queue')], async (kit) => {
      const sending = kit.queue.send(kit.name('q'), [command('x', more(kit))]);
      await refused(kit, 'UNSUPPORTED', sending, title);
    }),
  ),

  scenario('more than the declared priorities are refused', [needs.priorities], async (kit) => {
    const count = kit.can.queue === false ? 1 : kit.can.queue.priorities;
    const sending = kit.queue.send(kit.name('q'), [command('x', { priority: count })]);
    await refused(kit, ['UNSUPPORTED', 'INVALID_ARGUMENT'], sending, `priority ${count} of 0 to ${count - 1}`);
  }),

  scenario('cancel is refused where undeclared', [needs.lacks(needs.queueCan('cancellation'), 'queue')], async (kit) => {
    await unsupported(kit, kit.queue.cancel(kit.name('q'), 'x'), 'cancel');
  }),

  scenario('leases are refused where undeclared', [needs.lacks(needs.queueCan('leases'), 'queue')], async (kit) => {
    await unsupported(kit, kit.queue.consume(kit.name('q'), { leaseMs: 1000 }), 'a lease');
  }),

  scenario('request-reply is refused where undeclared', [needs.lacks(needs.queueCan('requestReply'), 'queue')], async (kit) => {
    await unsupported(kit, kit.queue.openReplies(), 'openReplies');
    await unsupported(kit, kit.queue.reply([{ to: 'somebody', message: message('x') }]), 'reply');
  }),

  scenario(
    'conditions on versions are refused where undeclared',
    [needs.lacks(needs.regionCan('versions'), 'region')],
    async (kit) => {
      await refusedChange(kit, { ifVersion: 0 }, 'a condition on the version');
    },
  ),

  scenario(
    'a time to live of entries is refused where undeclared',
    [needs.lacks(needs.regionCan('timeToLive'), 'region')],
    async (kit) => {
      await refusedChange(kit, { timeToLiveMs: 1000 }, 'a time to live');
    },
  ),

  scenario('selecting by value is refused where the broker does not', [needs.lacks(needs.brokerWhere, 'region')], async (kit) => {
    const region = await kit.region.open(kit.name('r'));
    const selector = { where: { filter: { a: 1 } } };
    await unsupported(kit, region.scan(selector, undefined, 10), 'scan with a condition');
    await unsupported(kit, region.watch(selector, { snapshot: 'none', mode: 'every' }), 'watch with a condition');
  }),

  scenario('resuming a watch is refused where undeclared', [needs.lacks(needs.regionCan('resume'), 'region')], async (kit) => {
    const region = await kit.region.open(kit.name('r'));
    await unsupported(kit, region.watch({}, { snapshot: 'none', mode: 'every', resumeAfter: 'x' }), 'resumeAfter');
  }),

  scenario(
    'named watchers are refused where undeclared',
    [needs.lacks(needs.regionCan('durableWatchers'), 'region')],
    async (kit) => {
      const region = await kit.region.open(kit.name('r'));
      await unsupported(kit, region.watch({}, { snapshot: 'none', mode: 'every', name: 'w' }), 'a named watcher');
    },
  ),

  ...(['every', 'latest', 'invalidate'] as const).map((mode) =>
    scenario(`watch mode '${mode}' is refused where undeclared`, [needs.lacks(needs.watchMode(mode), 'region')], async (kit) => {
      const region = await kit.region.open(kit.name('r'));
      await unsupported(kit, region.watch({}, { snapshot: 'none', mode }), `mode '${mode}'`);
    }),
  ),
);

async function refusedChange(kit: Kit, more: Parameters<typeof put>[2], what: string): Promise<void> {
  const region = await kit.region.open(kit.name('r'));
  const applying = region.apply([put('k', 'v', more)]).then(([outcome]) => {
    if (outcome?.applied === false && outcome.error !== undefined) throw outcome.error;
    return outcome;
  });
  await unsupported(kit, applying, what);
}

function startPositions(): readonly { title: string; need: Need; start: StartPosition }[] {
  const earliest: Need = {
    name: "start 'earliest'",
    // A binder whose groups begin with retained messages starts at the earliest by nature.
    holds: (can, broker) => needs.startsAt('earliest').holds(can, broker) || can.retainsMessages,
  };
  return [
    { title: "start 'earliest'", need: earliest, start: 'earliest' },
    { title: 'starting at an offset', need: needs.startsAt('offset'), start: { offset: 0 } },
    { title: 'starting at a time', need: needs.startsAt('time'), start: { time: 0 } },
  ];
}

function specs(): readonly { title: string; need: Need; spec: DestinationSpec }[] {
  return [
    { title: 'a queue', need: needs.queue(), spec: { kind: 'queue' } },
    { title: 'a region', need: needs.region(), spec: { kind: 'region' } },
    { title: 'retention by age', need: needs.retention('age'), spec: { retentionMs: 1000 } },
    { title: 'retention by size', need: needs.retention('size'), spec: { retentionBytes: 1 << 20 } },
    { title: 'compaction', need: needs.log('log.compaction', (can) => can.compaction), spec: { compact: true } },
  ];
}

function commandOptions(): readonly { title: string; need: Need; more: (kit: Kit) => Parameters<typeof command>[1] }[] {
  return [
    { title: 'a delayed command', need: needs.queueCan('delay'), more: (kit) => ({ notBefore: kit.now() + 60_000 }) },
    { title: 'a priority', need: needs.priorities, more: () => ({ priority: 1 }) },
    { title: 'an expiry', need: needs.queueCan('timeToLive'), more: (kit) => ({ expiresAt: kit.now() + 60_000 }) },
    { title: 'deduplication', need: needs.queueCan('deduplication'), more: () => ({ deduplicateMs: 60_000 }) },
  ];
}
