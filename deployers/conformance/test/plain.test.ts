import { afterAll, beforeAll, describe, it } from 'vitest';
import { deployerConformance } from '../src/index.ts';
import { plainHarness } from './plain-harness.ts';

await deployerConformance({ test: { describe, it, beforeAll, afterAll }, harness: plainHarness({ settleMs: 10_000 }) });
