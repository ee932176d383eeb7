import { brokenCalls } from './calls.ts';
import { brokenRunning } from './running.ts';
import type { BrokenDeployer } from './sabotage.ts';
import { brokenScaling } from './scaling.ts';
import { brokenTelling } from './telling.ts';

/** All deployers that the kit must see through. */
export const brokenDeployers: readonly BrokenDeployer[] = [...brokenCalls, ...brokenRunning, ...brokenScaling, ...brokenTelling];
