import { expect, it } from 'vitest';
import { secretNames, withSecrets } from '../src/index.ts';
import type { DeploymentRequest } from '../src/index.ts';

const request: DeploymentRequest = {
  name: 'app',
  apps: [
    {
      label: 'a',
      resource: { kind: 'executable', path: '/bin/a' },
      properties: { url: 'db://${secret:user}:${secret:password}@host', plain: '${other:${secret:user}}', dollar: '$1 $& ${x}' },
    },
  ],
  deploymentProperties: { p: '${secret:never}' },
  arguments: ['--token=${secret:token}'],
};
const values: Readonly<Record<string, string>> = { user: 'u', password: '$& ${secret:user}', token: 't' };

it('names every secret once', () => expect(secretNames(request)).toEqual(['user', 'password', 'token']));

it('fills in secrets as they are, and leaves the request alone', async () => {
  const before = structuredClone(request);
  const filled = await withSecrets('id', request, async (name) => values[name]!);
  expect(filled.apps[0].properties).toEqual({ url: 'db://u:$& ${secret:user}@host', plain: '${other:u}', dollar: '$1 $& ${x}' });
  expect([filled.arguments, filled.deploymentProperties]).toEqual([['--token=t'], request.deploymentProperties]);
  expect(request).toEqual(before);
});

it('asks for nothing where there is nothing to fill in', async () => {
  const plain = { ...request, apps: [{ ...request.apps[0], properties: {} }], arguments: [] } as const;
  expect(await withSecrets('id', plain)).toBe(plain);
});

it('names the secret that cannot be had', async () => {
  const error = { reason: 'SECRET_UNAVAILABLE', code: 'FAILED_PRECONDITION', message: expect.stringContaining('user') };
  await expect(withSecrets('id', request)).rejects.toMatchObject(error);
  await expect(withSecrets('id', request, () => Promise.reject(new Error('sealed')))).rejects.toThrow(/user.*sealed/);
});
