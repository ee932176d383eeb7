import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

function fileHere(name: string): string {
  return join(import.meta.dirname, name);
}

/** What a module gives by default that imports the package as `entry`, in a realm without anything of Node. */
function inBareRealm(script: string): unknown {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, fileHere('bare-realm.mjs'), fileHere('../src/index.ts'), script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('does all its work where there is no Node', () => {
  const result = inBareRealm(`
    import * as dsl from 'entry';
    const stream = dsl.parseCommand({ kind: 'stream', name: 'orders', dsl: ":in > filter --expression='payload > 3' | log" });
    const task = dsl.parseCommand({ kind: 'task', name: 't', dsl: "<a || b> && c 'FAILED' -> d" });
    const wrong = dsl.parseCommand({ kind: 'stream', dsl: 'a | | b' });
    export default { has: typeof process + typeof Buffer + typeof require, stream, task, wrong };
  `);
  expect(result).toMatchObject({
    has: 'undefinedundefinedundefined',
    stream: { ok: true, source: 'in', apps: [{ name: 'filter', options: { expression: 'payload > 3' } }, { name: 'log' }] },
    task: { ok: true, composed: true, graphText: "<a || b> && c 'FAILED'->d" },
    wrong: { ok: false, error: 'EXPECTED_APPNAME', position: 4 },
  });
});
