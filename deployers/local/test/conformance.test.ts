import { deployerConformance } from '@millrace/deployer-conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { localHarness } from './harness.ts';

await deployerConformance({ test: { describe, it, beforeAll, afterAll }, harness: localHarness() });
