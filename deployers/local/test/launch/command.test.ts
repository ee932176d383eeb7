import { describe, expect, it } from 'vitest';
import type { AppResource } from '@millrace/deployer-contract';
import { commandOf } from '../../src/launch/command.ts';
import { readSettings } from '../../src/settings.ts';

const host = { entry: '/host.js', nodeArgs: ['--flag'], node: '/node' };

function command(resource: AppResource, properties: Record<string, string> = {}, args: readonly string[] = ['--a=b c']) {
  const named = Object.entries(properties).map(([name, value]) => [`spring.cloud.deployer.${name}`, value] as const);
  const request = {
    name: 'a',
    apps: [{ label: 'a', resource, properties: {} }] as const,
    deploymentProperties: Object.fromEntries(named),
    arguments: args,
  };
  const settings = readSettings(request, { fixed: [] });
  return commandOf(request, settings, 1, { host, env: { PATH: '' } });
}

const jar = { kind: 'jar', path: '/app.jar' } as const;
const java = { 'local.javaCmd': process.execPath };

describe('the command', () => {
  it('of an executable is the file itself', () =>
    expect(command({ kind: 'executable', path: '/bin/x' })).toEqual({ file: '/bin/x', args: ['--a=b c'] }));

  it('of an app of ours is the host, with the limit of its heap', () => {
    const builtin = { kind: 'builtin', type: 'source', name: 'time' } as const;
    expect(command(builtin, { memory: '1g' })).toEqual({
      file: '/node',
      args: ['--flag', '--max-old-space-size=1024', '/host.js', '--a=b c'],
    });
  });

  it('of an app of ours listens for debuggers, a port for each instance', () => {
    const module = { kind: 'module', path: '/m.ts' } as const;
    expect(command(module, { 'local.debugPort': '5000' }).args).toContain('--inspect-brk=127.0.0.1:5001');
    expect(command(module, { 'local.debugPort': '5000', 'local.debugSuspend': 'N' }).args).toContain('--inspect=127.0.0.1:5001');
  });

  it('of a jar has options, heap and debugger before it', () => {
    const { file, args } = command(jar, {
      ...java,
      'local.javaOpts': `-Da="b c" -Dd`,
      memory: '512',
      'local.debugPort': '5000',
      'local.debugAddress': 'localhost',
    });
    expect([file, args]).toEqual([
      process.execPath,
      [
        '-Da=b c',
        '-Dd',
        '-Xmx512m',
        '-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=localhost:5001',
        '-jar',
        '/app.jar',
        '--a=b c',
      ],
    ]);
  });

  it('of a jar leaves a heap that was given alone', () =>
    expect(command(jar, { ...java, 'local.javaOpts': '-Xmx9m', memory: '512' }).args).toEqual([
      '-Xmx9m',
      '-jar',
      '/app.jar',
      '--a=b c',
    ]));

  it.each<readonly [string, Record<string, string>]>([
    ['the PATH', {}],
    ['nonsense', { 'local.javaCmd': 'nonsense' }],
    ['/no/home', { 'local.javaHomePath.3': '/no/home' }],
    ['/no/two', { 'local.javaHomePath.2': '/no/two', bootVersion: '2' }],
  ])('of a jar says where Java was looked for: %s', (place, properties) => {
    const error = expect.objectContaining({ reason: 'JAVA_MISSING', message: expect.stringContaining(place) });
    expect(() => command(jar, properties)).toThrow(error);
  });
});
