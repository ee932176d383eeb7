import { describe, expect, it } from 'vitest';
import type { AppSpec, DeploymentRequest } from '@millrace/deployer-contract';
import { environmentOf } from '../../src/launch/environment.ts';
import { readSettings } from '../../src/settings.ts';

const prefix = 'spring.cloud.deployer';
const builtin: AppSpec = { label: 'time', resource: { kind: 'builtin', type: 'source', name: 'time' }, properties: { a: '1' } };
const program: AppSpec = { label: 'p', resource: { kind: 'executable', path: '/bin/p' }, properties: { 'x.y-z': 'v', 'a.b': 'w' } };
const server = { PATH: '/bin', LC_ALL: 'C', SECRET: 's', MY_PATH: 'no', TMP: '/t' };

function environment(apps: DeploymentRequest['apps'], deploymentProperties: Record<string, string> = {}) {
  const request = { name: 'app-v1', apps, deploymentProperties: { [`${prefix}.group`]: 'tick', ...deploymentProperties } };
  const settings = readSettings(request, { fixed: [] });
  const sources = { server, given: { GIVEN: 'g' }, mark: '/state' };
  return environmentOf(request, settings, { deployment: 'tick.app-v1', index: 2, port: 20_001 }, sources);
}

describe('the environment of an instance', () => {
  it('holds what is named of the server, what all are given, and who it is, and nothing else', () => {
    const { SPRING_APPLICATION_JSON: json, ...env } = environment([program], { [`${prefix}.count`]: '3' });
    expect(env).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
      TMP: '/t',
      GIVEN: 'g',
      INSTANCE_INDEX: '2',
      SPRING_APPLICATION_INDEX: '2',
      SPRING_CLOUD_STREAM_INSTANCE_INDEX: '2',
      SPRING_CLOUD_STREAM_INSTANCE_COUNT: '3',
      SPRING_CLOUD_APPLICATION_GUID: 'tick.app-v1-2',
      SPRING_CLOUD_APPLICATION_GROUP: 'tick',
      SERVER_PORT: '20001',
      MILLRACE_DEPLOYER: '/state',
      MILLRACE_DEPLOYMENT: 'tick.app-v1',
    });
    expect(JSON.parse(json!)).toEqual({
      'x.y-z': 'v',
      'a.b': 'w',
      'instance.index': '2',
      'spring.cloud.stream.instanceIndex': '2',
      'spring.application.index': '2',
      'spring.cloud.application.guid': 'tick.app-v1-2',
      'spring.cloud.application.group': 'tick',
      'server.port': '20001',
      'spring.jmx.default-domain': 'tick.app-v1',
      'endpoints.jmx.unique-names': 'true',
    });
  });

  it('inherits by whole names that match', () => {
    const env = environment([program], { [`${prefix}.local.envVarsToInherit`]: 'SEC.*,.*PATH' });
    expect([env['SECRET'], env['MY_PATH'], env['PATH'], env['LC_ALL']]).toEqual(['s', 'no', '/bin', undefined]);
  });

  it('has a variable for each property where JSON is not wanted', () => {
    const env = environment([program], { [`${prefix}.local.useSpringApplicationJson`]: 'false' });
    expect(env).toMatchObject({ X_Y_Z: 'v', A_B: 'w', SERVER_PORT: '20001', INSTANCE_INDEX: '2' });
    expect(env['SPRING_APPLICATION_JSON']).toBeUndefined();
  });

  it('tells a process of ours which app it is, whose properties stand where all apps have them', () => {
    const env = environment([builtin]);
    expect(JSON.parse(env['MILLRACE_APPS']!)).toEqual([{ ...builtin, properties: {} }]);
    expect(JSON.parse(env['SPRING_APPLICATION_JSON']!)).toMatchObject({ a: '1', 'server.port': '20001' });
  });

  it('tells apps in one process their properties apart', () => {
    const second = { ...builtin, label: 'second', properties: { a: '2' } };
    const env = environment([builtin, second]);
    expect(JSON.parse(env['MILLRACE_APPS']!)).toEqual([builtin, second]);
    expect(JSON.parse(env['SPRING_APPLICATION_JSON']!)).not.toHaveProperty('a');
  });
});
