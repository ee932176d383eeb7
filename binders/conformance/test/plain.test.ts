import { afterAll, beforeAll, describe, it } from 'vitest';
import { binderConformance } from '../src/index.ts';
import { plainHarness } from './plain-harness.ts';

// A binder without a facet, with cumulative acknowledgement and without retention: what the larger ones do not show of the kit.
await binderConformance({ test: { describe, it, beforeAll, afterAll }, harness: plainHarness() });
