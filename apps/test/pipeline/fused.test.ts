import { embeddedBinder } from '@millrace/binder-embedded';
import { createRuntime } from '@millrace/messaging';
import { it, expect } from 'vitest';
import { runPipelines, defineSource, defineSink, Catalogue, stockApps } from '../../src/index.ts';
it('x', async () => {
  const runtime = createRuntime({
    binders: () => Promise.resolve(embeddedBinder({ memory: true })),
    defaultBinder: 'embedded',
    handleSignals: false,
  });
  const seen: unknown[] = [];
  const src = defineSource({
    name: 'numbers',
    description: 'x.',
    async *generate() {
      for (let i = 0; i < 10; i++) yield { i };
    },
  });
  const sink = defineSink({ name: 'collect', description: 'x.', handle: (m) => void seen.push(m.payload) });
  const r = await runPipelines(
    [{ dsl: 'a = numbers | filter --expression=payload.i>5 | collect' }, { dsl: 'b = :a.filter > collect' }],
    { connect: () => Promise.resolve(runtime), catalogue: new Catalogue([...stockApps, src, sink]) },
  );
  console.log(JSON.stringify(r), seen);
  await runtime.close();
});
