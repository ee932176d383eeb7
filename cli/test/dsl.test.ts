import { expect, it } from 'vitest';
import { jsonLines, millrace } from './command.ts';

it('parses one definition', async () => {
  const { code, stdout } = await millrace(['dsl', 'parse', '--json', '--name', 'pay', 'web --port=8081 | ledger']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    name: 'pay',
    apps: [
      { name: 'web', label: 'web', type: 'source', options: { port: '8081' } },
      { name: 'ledger', type: 'sink' },
    ],
  });
});

it('answers JSON lines in order and fails when one of them is wrong', async () => {
  const input = `${JSON.stringify({ kind: 'stream', name: 's', dsl: 'a | b' })}\n${JSON.stringify({ kind: 'stream', name: 's', dsl: 'a |' })}\nnonsense\n${JSON.stringify({ kind: 'task', name: 't', dsl: 'a && b' })}\n`;
  const { code, stdout } = await millrace(['dsl', 'parse', '-'], { input });
  expect(code).toBe(1);
  expect(jsonLines(stdout)).toMatchObject([
    { ok: true },
    { ok: false, error: 'OOD', code: 112, position: 3 },
    { ok: false },
    { ok: true, composed: true },
  ]);
});

it('exits 0 when all of them parse', async () => {
  expect(
    (await millrace(['dsl', 'parse', '-'], { input: `${JSON.stringify({ kind: 'task', name: 't', dsl: 'a' })}\n` })).code,
  ).toBe(0);
});

it('shows people where a definition is wrong', async () => {
  const { code, stdout, stderr } = await millrace(['dsl', 'parse', 'web | | ledger']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: 'EXPECTED_APPNAME', position: 6 });
  expect(stderr).toBe("web | | ledger\n      ^ found '|' where an app name was expected\n");
});

it('takes its options for what a line does not say, and only line feeds for ends of lines', async () => {
  const input = `{"dsl": "a && b"}\n\n{"kind": "stream", "name": "s", "dsl": "a --x='l\u2028r' | b"}\n`;
  const { code, stdout } = await millrace(['dsl', 'parse', '--kind', 'task', '--name', 't', '-'], { input });
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([
    { name: 't', composed: true },
    { name: 's', apps: [{ options: { x: 'l\u2028r' } }, {}] },
  ]);
});
