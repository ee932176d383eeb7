import type { LogCapabilities, QueueCapabilities, RegionCapabilities } from '@millrace/messaging/binder';
import type { Need } from './scenario.ts';

/** A capability that is declared. */
export const ordered: Need = { name: 'ordered', holds: (can) => can.ordered };
export const retained: Need = { name: 'retainsMessages', holds: (can) => can.retainsMessages };
export const individualAck: Need = {
  name: "acknowledgement 'individual'",
  holds: (can) => can.acknowledgement === 'individual',
};
export const cumulativeAck: Need = {
  name: "acknowledgement 'cumulative'",
  holds: (can) => can.acknowledgement === 'cumulative',
};
export const transactions: Need = { name: 'transactions', holds: (can) => can.transactions };
export const parking: Need = { name: 'parking', holds: (can) => can.parking };
/** A limit on messages that a test can exceed without exhausting memory. */
export const reachableLimit: Need = { name: 'maxMessageBytes below 256 MiB', holds: (can) => can.maxMessageBytes < 256 << 20 };
/** Data that outlives the broker's process. */
export const durable: Need = { name: "durability above 'none'", holds: (can) => can.durability !== 'none' };

export function log(what = 'log', holds: (log: LogCapabilities) => boolean = () => true): Need {
  return { name: what, holds: (can) => can.log !== false && holds(can.log) };
}

export function startsAt(position: LogCapabilities['startPositions'][number]): Need {
  return log(`log.startPositions '${position}'`, (can) => can.startPositions.includes(position));
}

export function retention(by: LogCapabilities['retention'][number]): Need {
  return log(`log.retention '${by}'`, (can) => can.retention.includes(by));
}

export function queue(what = 'queue', holds: (queue: QueueCapabilities) => boolean = () => true): Need {
  return { name: what, holds: (can) => can.queue !== false && holds(can.queue) };
}

type Flags<T> = { [K in keyof T]: T[K] extends boolean ? K : never }[keyof T];

export function queueCan(what: Flags<QueueCapabilities>): Need {
  return queue(`queue.${what}`, (can) => can[what]);
}

export const priorities: Need = queue('queue.priorities above 1', (can) => can.priorities > 1);

export function region(what = 'region', holds: (region: RegionCapabilities) => boolean = () => true): Need {
  return { name: what, holds: (can) => can.region !== false && holds(can.region) };
}

export function regionCan(what: Flags<RegionCapabilities>): Need {
  return region(`region.${what}`, (can) => can[what]);
}

export const brokerWhere: Need = region("region.where 'broker'", (can) => can.where === 'broker');

export function watchMode(mode: RegionCapabilities['modes'][number]): Need {
  return region(`region.modes '${mode}'`, (can) => can.modes.includes(mode));
}

/** The facet is there but lacks something: the scenario proves that asking for it fails with `UNSUPPORTED`. */
export function lacks(need: Need, facet?: 'log' | 'queue' | 'region'): Need {
  return {
    name: `${need.name} undeclared${facet === undefined ? '' : ` beside a declared ${facet}`}`,
    holds: (can, broker) => !need.holds(can, broker) && (facet === undefined || can[facet] !== false),
  };
}

/** A means of testing that the harness gives. */
export const twoClients: Need = { name: 'two clients of one broker', holds: (_, broker) => broker.singleClient !== true };
export const restart: Need = { name: "the harness's restart", holds: (_, broker) => broker.restart !== undefined };
export const cut: Need = { name: "the harness's cutConnections", holds: (_, broker) => broker.cutConnections !== undefined };
export const clockJump: Need = { name: "the harness's clock.jump", holds: (_, broker) => broker.clock?.jump !== undefined };
export const forcedRetention: Need = {
  name: "the harness's applyRetention",
  holds: (_, broker) => broker.applyRetention !== undefined,
};
export const unreachable: Need = {
  name: "the harness's connectNowhere",
  holds: (_, broker) => broker.connectNowhere !== undefined,
};
