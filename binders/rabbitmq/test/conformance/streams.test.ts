import { binderConformance } from '@millrace/binder-conformance';
import { sandbox } from '@millrace/sandbox';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { rabbitHarness } from '../harness.ts';
import { streamServers } from '../versions.ts';

if (streamServers.length === 0)
  describe.skip('rabbitmq (streams)', () => it('runs the conformance kit (needs MILLRACE_VERSIONS=every)', () => undefined));
for (const server of streamServers) {
  const missing = await sandbox.missing(server);
  const harness = rabbitHarness(server, { destinations: 'streams' });
  if (missing === undefined) await binderConformance({ test: { describe, it, beforeAll, afterAll }, harness });
  else describe.skip(`${harness.name}: ${missing}`, () => it('runs the conformance kit', () => undefined));
}
