import { notBuilt } from '../errors.ts';
import type { Regions, Services } from '../runtime/services.ts';

/** The data-event pattern. */
export function createRegions(_services: Services): Regions {
  return {
    region() {
      return notBuilt('region')() as never;
    },
    close: () => Promise.resolve(),
  };
}
