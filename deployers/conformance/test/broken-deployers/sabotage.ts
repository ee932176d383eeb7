import type { Deployer } from '@millrace/deployer-contract';
import { PlainDeployer } from '../plain-deployer.ts';
import type { PlainPlatform } from '../plain-deployer.ts';

/** Gets the real deployer and its platform, and returns what replaces parts of it. */
export type Sabotage = (real: Deployer, shared: PlainPlatform) => Partial<Deployer>;

/** A deployer that does one thing wrong, and the scenarios that must say so. */
export interface BrokenDeployer {
  readonly name: string;
  /** A new one per deployer, as it may count. */
  readonly sabotage: Sabotage;
  readonly caughtBy: readonly string[];
}

/** A deployer that differs from the real one exactly where it is sabotaged. */
export function sabotaged(shared: PlainPlatform, sabotage: Sabotage): Deployer {
  const real = new PlainDeployer(shared);
  const parts = sabotage(real, shared);
  return new Proxy<Deployer>(real, {
    get(target, name) {
      if (Object.hasOwn(parts, name)) return parts[name as keyof Deployer];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
