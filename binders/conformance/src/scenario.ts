import type { BinderCapabilities } from '@millrace/messaging/binder';
import type { Broker } from './harness.ts';
import type { Kit } from './kit.ts';

/** One behaviour that every binder with the needed capabilities must show. */
export interface Scenario {
  readonly group: string;
  readonly name: string;
  readonly needs: readonly Need[];
  /** Never run beside others: it disturbs the broker or looks at the whole process. */
  readonly alone: boolean;
  run(kit: Kit): Promise<void>;
}

/** Something that a scenario presumes. It is skipped, with the need's name, where it does not hold. */
export interface Need {
  readonly name: string;
  holds(capabilities: BinderCapabilities, broker: Broker): boolean;
}

type Ungrouped = Omit<Scenario, 'group'>;

export function scenario(name: string, needs: readonly Need[], run: (kit: Kit) => Promise<void>): Ungrouped {
  return { name, needs, alone: false, run };
}

/** A scenario that is never run beside others. */
export function loneScenario(name: string, needs: readonly Need[], run: (kit: Kit) => Promise<void>): Ungrouped {
  return { name, needs, alone: true, run };
}

export function group(name: string, ...scenarios: readonly Ungrouped[]): readonly Scenario[] {
  return scenarios.map(({ name: title, needs, alone, run }) => ({ group: name, name: title, needs, alone, run }));
}

/** What reports call a scenario. */
export function titleOf(each: Pick<Scenario, 'group' | 'name'>): string {
  return `${each.group} › ${each.name}`;
}

/** Why a scenario does not apply, or `undefined` if it does. */
export function skipReason(each: Scenario, capabilities: BinderCapabilities, broker: Broker): string | undefined {
  const missing = each.needs.filter((need) => !need.holds(capabilities, broker));
  return missing.length === 0 ? undefined : `needs ${missing.map((need) => need.name).join(', ')}`;
}
