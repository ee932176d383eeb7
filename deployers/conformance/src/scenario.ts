import type { DeployerCapabilities } from '@millrace/deployer-contract';
import type { Platform } from './harness.ts';
import type { Kit } from './kit.ts';

/** Something that a scenario presumes. It is skipped, with the need's name, where it does not hold. */
export interface Need {
  readonly name: string;
  holds(capabilities: DeployerCapabilities, platform: Platform): boolean;
}

/** One behaviour that every deployer with the needed capabilities must show. */
export interface Scenario {
  readonly group: string;
  readonly name: string;
  readonly needs: readonly Need[];
  run(kit: Kit): Promise<void>;
}

type Ungrouped = Omit<Scenario, 'group'>;

export function scenario(name: string, run: (kit: Kit) => Promise<void>, ...needs: readonly Need[]): Ungrouped {
  return { name, needs, run };
}

export function group(name: string, ...scenarios: readonly Ungrouped[]): readonly Scenario[] {
  return scenarios.map(({ name: title, needs, run }) => ({ group: name, name: title, needs, run }));
}

/** What reports call a scenario. */
export function titleOf(each: Pick<Scenario, 'group' | 'name'>): string {
  return `${each.group} › ${each.name}`;
}

/** Why a scenario does not apply, or `undefined` if it does. */
export function skipReason(each: Scenario, capabilities: DeployerCapabilities, platform: Platform): string | undefined {
  const missing = each.needs.filter((need) => !need.holds(capabilities, platform));
  return missing.length === 0 ? undefined : `needs ${missing.map((need) => need.name).join(', ')}`;
}
