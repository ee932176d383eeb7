import { expect, it } from 'vitest';
import { hostText, hostVariable, readHostedApps } from '../src/index.ts';
import type { HostedApp } from '../src/index.ts';

const apps: readonly HostedApp[] = [
  { label: 'time', resource: { kind: 'builtin', type: 'source', name: 'time' }, properties: { a: '1' } },
  { label: 'own', resource: { kind: 'module', path: '/own.ts' }, properties: {} },
];

it('tells a process which apps it runs', () => expect(readHostedApps({ [hostVariable]: hostText(apps) })).toEqual(apps));

it('tells other processes nothing', () => expect(readHostedApps({})).toBeUndefined());

it.each([
  '',
  '{',
  '[]',
  '{}',
  '[{}]',
  '[{"label":"a","resource":{"kind":"jar"},"properties":{}}]',
  '[{"label":"a","resource":{"kind":"module"}}]',
  '[null]',
])('refuses %j', (text) => {
  const error = expect.objectContaining({ reason: 'HOST_INVALID', code: 'INVALID_ARGUMENT' });
  expect(() => readHostedApps({ [hostVariable]: text })).toThrow(error);
});
