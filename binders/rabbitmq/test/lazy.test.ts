import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

const program = `
  import { registerHooks } from 'node:module';
  let loaded = 0;
  registerHooks({ load: (url, context, next) => { if (url.includes('amqplib')) loaded++; return next(url, context); } });
  const { rabbitBinder } = await import(process.argv[1]);
  const binder = rabbitBinder({ addresses: '127.0.0.1:1' });
  const before = loaded;
  await binder.open().catch(() => undefined);
  console.log(JSON.stringify([before, loaded > 0]));
`;

it('the client library is loaded when a binder is opened, not before', async () => {
  const source = new URL('../src/index.ts', import.meta.url).pathname;
  const args = ['--conditions=development', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program, source];
  const { stdout } = await run(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual([0, true]);
});
