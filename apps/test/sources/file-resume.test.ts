import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defineProcessor } from '../../src/index.ts';
import { directory } from '../harness.ts';
import { bench } from '../pipeline/fixtures.ts';

it('with a region, another run goes on behind the last line that was done', async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `{"line":${index}}`);
  const path = directory();
  writeFileSync(join(path, 'a.jsonl'), `${lines.join('\n')}\n`);
  const stop = new AbortController();
  const stopper = defineProcessor({
    name: 'stopper',
    description: 'Ends the run in the middle.',
    process(message) {
      if (message.text() === lines[40_000]) stop.abort();
      return message;
    },
  });
  const { run, texts } = bench([stopper]);
  const source = `file --directory=${path} --mode=lines --once=true --metadata.store.type=region`;
  const first = await run('fused', [`p = ${source} | stopper | collect --as=first`], { signal: stop.signal });
  expect(first.completed).toBe(false);
  expect(texts('first').length).toBeLessThan(lines.length);
  await run('fused', [`p = ${source} | bridge | collect --as=second`]);
  expect([...texts('first'), ...texts('second')]).toEqual(lines);
  await run('fused', [`p = ${source} | bridge | collect --as=third`]);
  expect(texts('third')).toEqual([]);
});
