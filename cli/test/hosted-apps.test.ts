import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostedApp } from '@millrace/deployer-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { loadHostedApps } from '../src/hosted-apps.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-hosted-'));
afterAll(() => rmSync(directory, { recursive: true }));

let modules = 0;
const app = (name: string) =>
  `{ kind: 'sink', name: '${name}', description: '', version: '1', options: {}, differences: [], create: () => ({}) }`;

function moduleApp(text: string): HostedApp {
  const path = join(directory, `module-${modules++}.mjs`);
  writeFileSync(path, text);
  return { label: 'own', resource: { kind: 'module', path }, properties: { a: '1' } };
}

describe('hosted apps', () => {
  it('are stock apps by name, with their properties', async () => {
    const resource = { kind: 'builtin', type: 'source', name: 'time' } as const;
    const [loaded] = await loadHostedApps([{ label: 'clock', resource, properties: { 'time.date-format': 'HH' } }]);
    expect(loaded).toMatchObject({ definition: { kind: 'source', name: 'time' }, properties: { 'time.date-format': 'HH' } });
  });

  it.each([
    ['by default', `export default ${app('own')}; export const other = ${app('other')};`],
    ['by its only name', `export const own = ${app('own')}; export const number = 1;`],
    ['under two names', `export const own = ${app('own')}; export { own as again };`],
  ])('are what a module exports %s', async (_, text) => {
    const [loaded] = await loadHostedApps([moduleApp(text)]);
    expect(loaded).toMatchObject({ definition: { name: 'own' }, properties: { a: '1' } });
  });

  it.each([
    ['no app', 'export const number = 1;', /exports no app/],
    ['several apps', `export const a = ${app('a')}; export const b = ${app('b')};`, /several apps \(a, b\)/],
    ['a mistake', 'export const = 1;', /cannot be used/],
    ['something missing', "import 'no-such-package';", /no-such-package/],
  ])('are refused where a module has %s', async (_, text, message) => {
    await expect(loadHostedApps([moduleApp(text)])).rejects.toMatchObject({
      reason: 'MODULE_BROKEN',
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });

  it('are refused where there is no such stock app', async () => {
    const resource = { kind: 'builtin', type: 'source', name: 'tiem' } as const;
    await expect(loadHostedApps([{ label: 'x', resource, properties: {} }])).rejects.toMatchObject({ reason: 'APP_UNKNOWN' });
  });
});
