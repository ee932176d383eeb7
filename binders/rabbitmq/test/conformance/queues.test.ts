import { binderConformance } from '@millrace/binder-conformance';
import { sandbox } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { rabbitHarness } from '../harness.ts';
import { servers } from '../versions.ts';

for (const server of servers) {
  const missing = await sandbox.missing(server);
  const harness = rabbitHarness(server, { destinations: 'queues' });
  if (missing === undefined) await binderConformance({ test: { describe, it, beforeAll, afterAll }, harness });
  else describe.skip(`${harness.name}: ${missing}`, () => it('runs the conformance kit', () => undefined));
}
