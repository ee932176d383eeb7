import { join } from 'node:path';
import type { AppSpec } from '@millrace/deployer-contract';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { LocalDeployer } from '../src/index.ts';
import { host, inStream } from './host.ts';
import { temporaryDirectory } from './temporary.ts';

let deployer: LocalDeployer;

beforeEach(async () => {
  const directory = temporaryDirectory();
  const environment = { MILLRACE_DATA_DIR: join(directory, 'data') };
  deployer = new LocalDeployer({ directory: join(directory, 'state'), host, environment });
  await deployer.open();
  onTestFinished(async () => {
    await Promise.all((await deployer.list()).map((id) => deployer.undeploy(id)));
    await deployer.close();
  });
});

const time: AppSpec = {
  label: 'time',
  resource: { kind: 'builtin', type: 'source', name: 'time' },
  properties: { ...inStream('tick', 'time', { output: 'time' }), 'spring.integration.poller.fixed-delay': '50' },
};
const filter: AppSpec = {
  label: 'filter',
  resource: { kind: 'builtin', type: 'processor', name: 'filter' },
  properties: { ...inStream('tick', 'filter', { input: 'time', output: 'filter' }), 'filter.function.expression': 'true' },
};
const log: AppSpec = {
  label: 'log',
  resource: { kind: 'builtin', type: 'sink', name: 'log' },
  properties: inStream('tick', 'log', { input: 'filter' }),
};

function deploy(name: string, ...apps: readonly [AppSpec, ...AppSpec[]]): Promise<string> {
  return deployer.deploy({ name, apps, deploymentProperties: { 'spring.cloud.deployer.group': 'tick' } });
}

async function deployed(id: string): Promise<void> {
  await expect.poll(async () => (await deployer.status(id)).state, { timeout: 40_000, interval: 20 }).toBe('deployed');
}

/** The first line that the log app wrote for a message. */
async function firstMessage(id: string): Promise<string | undefined> {
  for await (const { text } of deployer.log(id, { follow: true, stream: 'stdout' })) if (text.includes('[tick/log]')) return text;
  return undefined;
}

const logged = /\[tick\/log\] \d\d\/\d\d\/\d\d \d\d:\d\d:\d\d$/;

describe('apps of ours', () => {
  it('run as a process each, with the broker between them', async () => {
    const ids = await Promise.all([deploy('log-v1', log), deploy('filter-v1', filter), deploy('time-v1', time)]);
    await Promise.all(ids.map((id) => deployed(id)));
    expect(await firstMessage(ids[0])).toMatch(logged);
  }, 60_000);

  it('run in one process where they are fused', async () => {
    const id = await deploy('all-v1', time, filter, log);
    await deployed(id);
    expect(await firstMessage(id)).toMatch(logged);
    expect((await deployer.status(id)).instances.length).toBe(1);
  }, 60_000);

  it('that cannot run say why', async () => {
    const broken = { ...filter, properties: { ...filter.properties, 'filter.function.expression': 'payload ==' } };
    const id = await deploy('filter-v1', broken);
    await expect.poll(async () => (await deployer.status(id)).state, { timeout: 20_000 }).toBe('failed');
    const [instance] = (await deployer.status(id)).instances;
    expect(instance).toMatchObject({ reason: 'EXITED', lastEnd: { exitCode: 1 } });
    expect(instance!.lastEnd!.lastLines.join('\n')).toContain('is not a valid expression');
  }, 60_000);

  it('are refused beside a program of another kind in one process, and with arguments', async () => {
    const program: AppSpec = { label: 'program', resource: { kind: 'executable', path: '/bin/sleep' }, properties: {} };
    const error = { reason: 'FUSE_UNSUPPORTED', code: 'UNSUPPORTED' };
    await expect(deploy('mixed', time, program)).rejects.toMatchObject(error);
    await expect(deployer.deploy({ name: 'args', apps: [time, filter], arguments: ['--a=b'] })).rejects.toMatchObject(error);
  });
});
