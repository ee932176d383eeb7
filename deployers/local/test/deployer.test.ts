import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { identityOf, isAlive, launch, processesWith, signalLeader } from '@millrace/processes';
import { requestDigest } from '@millrace/deployer-contract';
import type { DeploymentState } from '@millrace/deployer-contract';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { LocalDeployer } from '../src/index.ts';
import type { LocalDeployerOptions } from '../src/index.ts';
import { requestFor, script } from './scripts.ts';
import { temporaryDirectory } from './temporary.ts';

let base: string;
let problems: unknown[];

beforeEach(() => {
  base = temporaryDirectory();
  problems = [];
});

const state = () => join(base, 'state');

async function open(options: Partial<LocalDeployerOptions> = {}): Promise<LocalDeployer> {
  const deployer = new LocalDeployer({ directory: state(), onProblem: (error) => problems.push(error), ...options });
  await deployer.open();
  onTestFinished(async () => {
    await deployer.close();
    for (const each of marked()) signalLeader(each, 'SIGKILL');
  });
  return deployer;
}

/** All processes of the deployer, also those that nobody knows of. */
function marked() {
  return existsSync(state()) ? processesWith(`MILLRACE_DEPLOYER=${realpathSync(state())}`) : [];
}

async function reaches(deployer: LocalDeployer, id: string, wanted: DeploymentState) {
  await expect.poll(async () => (await deployer.status(id)).state, { timeout: 20_000 }).toBe(wanted);
  return (await deployer.status(id)).instances;
}

async function lines(deployer: LocalDeployer, id: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { text } of deployer.log(id)) found.push(text);
  return found;
}

describe('an instance', () => {
  it('shows where it is: port, url, process, directory, files', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'echo out; echo err >&2; exec sleep 600', { 'server.port': '' })));
    const [instance] = (await deployer.status(id)).instances;
    const { attributes } = instance!;
    const directory = attributes['working.dir']!;
    expect(attributes).toEqual({
      guid: 'app-v1-0',
      port: expect.stringMatching(/^[23]\d{4}$/),
      url: `http://127.0.0.1:${attributes['port']}`,
      pid: expect.stringMatching(/^\d+$/),
      'working.dir': expect.stringMatching(/\/work\/\d{13}\/app-v1$/),
      stdout: `${directory}/stdout_0.log`,
      stderr: `${directory}/stderr_0.log`,
    });
    expect(isAlive(identityOf(Number(attributes['pid']))!)).toBe(true);
    await expect.poll(() => lines(deployer, id)).toEqual(['err', 'out']);
    await deployer.undeploy(id);
    expect([existsSync(directory), readdirSync(join(state(), 'work')), readdirSync(join(state(), 'deployments'))]).toEqual([
      false,
      [],
      [],
    ]);
    expect(readdirSync(join(state(), 'ports'))).toEqual([]);
  });

  it('keeps its files where that is wanted', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'echo kept; exec sleep 600'), { 'local.deleteFilesOnExit': 'false' }));
    await expect.poll(() => lines(deployer, id)).toEqual(['kept']);
    const { attributes } = (await deployer.status(id)).instances[0]!;
    await deployer.undeploy(id);
    expect(readFileSync(attributes['stdout']!, 'utf8')).toBe('kept\n');
  });

  it('that does not come up in time is ended and failed', async () => {
    const deployer = await open();
    const request = requestFor(script(base, 'exec sleep 600', { 'server.port': '' }), { 'local.startTimeout': '1' });
    const [instance] = await reaches(deployer, await deployer.deploy(request), 'failed');
    expect(instance).toMatchObject({ reason: 'START_TIMEOUT', message: expect.stringContaining('within 1 s') });
    await expect.poll(() => marked().length).toBe(0);
  });

  it('that holds too much memory is ended and failed', async () => {
    const deployer = await open();
    const hog = `exec ${process.execPath} -e 'const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 20)'`;
    const request = requestFor(script(base, hog), { 'local.memoryLimit': '200m' });
    const [instance] = await reaches(deployer, await deployer.deploy(request), 'failed');
    expect(instance).toMatchObject({ reason: 'MEMORY_EXCEEDED', message: expect.stringContaining('200 MiB') });
  });

  it('that a signal ended says by which', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'exec sleep 600')));
    const [running] = await reaches(deployer, id, 'deployed');
    signalLeader(identityOf(Number(running!.attributes['pid']))!, 'SIGKILL');
    const [instance] = await reaches(deployer, id, 'failed');
    expect(instance).toMatchObject({ reason: 'KILLED', lastEnd: { signal: 'SIGKILL' } });
  });

  it('whose program cannot be executed says so', async () => {
    const deployer = await open();
    const app = script(base, '');
    if (app.resource.kind === 'executable') writeFileSync(app.resource.path, '#!/no/such/interpreter\n');
    const [instance] = await reaches(deployer, await deployer.deploy(requestFor(app)), 'failed');
    expect(instance).toMatchObject({ reason: 'LAUNCH_FAILED', lastEnd: { exitCode: expect.any(Number) } });
  });

  it('takes with it what it started, when it ends by itself and when it is undeployed', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'sleep 600 & sleep 600 & exit 3')));
    await reaches(deployer, id, 'failed');
    await expect.poll(() => marked().length).toBe(0);
    await deployer.undeploy(id);
    const other = await deployer.deploy(requestFor(script(base, 'sleep 600 & sleep 600')));
    await expect.poll(() => marked().length).toBe(3);
    await deployer.undeploy(other);
    expect(marked()).toEqual([]);
  });

  it('that does not listen to the request to end is killed after its time', async () => {
    const deployer = await open();
    const stubborn = script(base, `trap '' TERM; echo ready; while :; do sleep 1; done`);
    const id = await deployer.deploy(requestFor(stubborn, { 'local.shutdownTimeout': '1' }));
    await expect.poll(() => lines(deployer, id)).toEqual(['ready']);
    await deployer.undeploy(id);
    expect(marked()).toEqual([]);
  });

  it('is given time to end in order', async () => {
    const deployer = await open();
    const file = join(base, 'ended');
    const slow = script(base, `trap 'sleep 0.5; echo in order > ${file}; exit 0' TERM; echo ready; while :; do sleep 0.1; done`);
    const id = await deployer.deploy(requestFor(slow));
    await expect.poll(() => lines(deployer, id)).toEqual(['ready']);
    await deployer.undeploy(id);
    expect(readFileSync(file, 'utf8')).toBe('in order\n');
  });

  it('that is frozen can be undeployed', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'exec sleep 600'), { 'local.shutdownTimeout': '5' }));
    const [running] = await reaches(deployer, id, 'deployed');
    signalLeader(identityOf(Number(running!.attributes['pid']))!, 'SIGSTOP');
    await deployer.undeploy(id);
    expect(marked()).toEqual([]);
  });

  it('writes to the server where that is wanted, and then has no log', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'exec sleep 600'), { 'local.inheritLogging': 'true' }));
    expect((await deployer.status(id)).instances[0]!.attributes).not.toHaveProperty('stdout');
    await expect(lines(deployer, id)).rejects.toMatchObject({ reason: 'LOG_INHERITED', code: 'FAILED_PRECONDITION' });
  });

  it('has logs of limited size', async () => {
    const deployer = await open();
    const chatty = script(base, 'while :; do head -c 300000 /dev/zero | tr "\\0" "x"; echo; sleep 0.05; done');
    const id = await deployer.deploy(requestFor(chatty, { 'local.log.max-size': '1', 'local.log.maxFiles': '1' }));
    const { attributes } = (await deployer.status(id)).instances[0]!;
    await expect.poll(() => existsSync(`${attributes['stdout']}.1`), { timeout: 20_000 }).toBe(true);
    expect(existsSync(`${attributes['stdout']}.2`)).toBe(false);
  });
});

describe('following a log', () => {
  it('gives the last words of an app that is undeployed', async () => {
    const deployer = await open();
    const app = script(base, `trap 'echo last words; exit 0' TERM; echo ready; while :; do sleep 0.1; done`);
    const id = await deployer.deploy(requestFor(app));
    const found: string[] = [];
    const following = (async () => {
      for await (const { text } of deployer.log(id, { follow: true, stream: 'stdout' })) found.push(text);
    })();
    await expect.poll(() => found).toEqual(['ready']);
    await deployer.undeploy(id);
    await following;
    expect(found).toEqual(['ready', 'last words']);
  });

  it('does not hold up the end where nobody goes on reading', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'echo one; echo two; exec sleep 600')));
    await expect.poll(() => lines(deployer, id)).toEqual(['one', 'two']);
    const following = deployer.log(id, { follow: true })[Symbol.asyncIterator]();
    await following.next();
    await deployer.undeploy(id);
    expect((await deployer.status(id)).state).toBe('unknown');
  });

  it('shows instances that come later', async () => {
    const deployer = await open();
    const id = await deployer.deploy(requestFor(script(base, 'echo I am $INSTANCE_INDEX; exec sleep 600')));
    const found: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const { instance, text } of deployer.log(id, { follow: true, signal: stop.signal }))
        found.push(`${instance}: ${text}`);
    })();
    await expect.poll(() => found).toEqual(['app-v1-0: I am 0']);
    await deployer.scale(id, 2);
    await expect.poll(() => found).toEqual(['app-v1-0: I am 0', 'app-v1-1: I am 1']);
    stop.abort();
    await following;
  });
});

describe('ports', () => {
  it('are kept over a restart of an instance, and given to nobody else', async () => {
    const deployer = await open();
    const app = script(base, 'exec sleep 600', { 'server.port': '' });
    const id = await deployer.deploy(requestFor(app));
    const [before] = (await deployer.status(id)).instances;
    signalLeader(identityOf(Number(before!.attributes['pid']))!, 'SIGKILL');
    await reaches(deployer, id, 'failed');
    await deployer.deploy(requestFor(app));
    const [after] = (await deployer.status(id)).instances;
    expect([after!.attributes['port'], after!.restarts]).toEqual([before!.attributes['port'], 1]);
  });

  it('that the app asks for are used, and refused while another program has them', async () => {
    const deployer = await open();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    const request = requestFor(script(base, 'exec sleep 600', { 'server.port': port }));
    await expect(deployer.deploy(request)).rejects.toMatchObject({ reason: 'PORT_TAKEN', code: 'ALREADY_EXISTS' });
    expect([(await deployer.status('app-v1')).state, marked(), readdirSync(join(state(), 'deployments'))]).toEqual([
      'unknown',
      [],
      [],
    ]);
    await new Promise((resolve) => server.close(resolve));
    const id = await deployer.deploy(request);
    expect((await deployer.status(id)).instances[0]!.attributes['port']).toBe(port);
  });

  it('that run out are told, and nothing is left', async () => {
    const deployer = await open();
    const range = { 'local.portRange.low': '20100', 'local.portRange.high': '20101', count: '3' };
    const request = requestFor(script(base, 'exec sleep 600', { 'server.port': '' }), range);
    await expect(deployer.deploy(request)).rejects.toMatchObject({ reason: 'NO_FREE_PORT', code: 'RESOURCE_EXHAUSTED' });
    expect([marked(), readdirSync(join(state(), 'ports'))]).toEqual([[], []]);
    const wrong = requestFor(script(base, ''), { 'local.portRange.low': '9', 'local.portRange.high': '8' });
    await expect(deployer.deploy(wrong)).rejects.toMatchObject({ reason: 'PORT_RANGE_INVALID' });
  });
});

describe('what runs without a deployer that knows of it', () => {
  it('is found by its mark when the records are gone, and can be ended', async () => {
    const first = await open();
    const id = await first.deploy(requestFor(script(base, 'exec sleep 600')));
    await first.close();
    rmSync(join(state(), 'deployments'), { recursive: true });
    const second = await open();
    expect([await second.list(), (await second.status(id)).state]).toEqual([[id], 'unknown']);
    await second.undeploy(id);
    expect([await second.list(), marked()]).toEqual([[], []]);
  });

  it('is ended before the same is deployed again', async () => {
    const first = await open();
    const request = requestFor(script(base, 'exec sleep 600'));
    await first.deploy(request);
    await first.close();
    rmSync(join(state(), 'deployments'), { recursive: true });
    const second = await open();
    await reaches(second, await second.deploy(request), 'deployed');
    expect(marked().length).toBe(1);
  });

  it('has a record that cannot be read: told, listed, and ended all the same', async () => {
    const first = await open();
    const id = await first.deploy(requestFor(script(base, 'exec sleep 600')));
    await first.deploy(requestFor(script(base, 'exec sleep 600'), {}, 'other'));
    await first.close();
    writeFileSync(join(state(), 'deployments', `${id}.json`), '{"format":');
    const second = await open();
    expect(problems).toEqual([expect.objectContaining({ reason: 'RECORD_BROKEN', code: 'DATA_LOSS' })]);
    expect([(await second.list()).toSorted(), (await second.status('other')).state]).toEqual([[id, 'other'], 'deployed']);
    await second.undeploy(id);
    expect([await second.list(), marked().length]).toEqual([['other'], 1]);
  });

  it('ended while nobody watched: said so', async () => {
    const first = await open();
    const id = await first.deploy(requestFor(script(base, 'echo last words; exec sleep 600')));
    await reaches(first, id, 'deployed');
    await first.close();
    for (const each of marked()) signalLeader(each, 'SIGKILL');
    await expect.poll(() => marked().length).toBe(0);
    const second = await open();
    const [instance] = (await second.status(id)).instances;
    expect(instance).toMatchObject({ state: 'failed', reason: 'LOST', lastEnd: { lastLines: ['last words'] } });
  });

  it('was only about to be started: a launch that comes too late starts nothing', async () => {
    const first = await open();
    const request = requestFor(script(base, 'exec sleep 600'));
    const id = await first.deploy(request);
    await first.undeploy(id);
    await first.close();
    // What a server leaves that was killed between its record and its launch.
    const workingDirectory = join(base, 'work');
    const instances = [{ index: 0, port: 0, restarts: 0, launch: { id: 'late', at: Date.now() } }];
    const record = { format: 1, id, request, digest: requestDigest(request), workingDirectory, wanted: 1, instances };
    writeFileSync(join(state(), 'deployments', `${id}.json`), JSON.stringify(record));
    mkdirSync(join(state(), 'deployments', id));
    const second = await open();
    expect((await second.status(id)).instances[0]).toMatchObject({ state: 'undeployed', reason: 'NOT_STARTED' });
    await second.deploy(request);
    await reaches(second, id, 'deployed');
    const plan = { command: '/bin/sleep', args: ['600'], env: {}, cwd: base };
    const output = { stdout: join(base, 'late.log'), stderr: join(base, 'late.log') };
    const late = await launch(plan, join(state(), 'deployments', id, 'late'), output);
    expect([late, marked().length]).toEqual([undefined, 1]);
  });
});

describe('a deployer', () => {
  it('shares its directory with no other', async () => {
    await open();
    await expect(new LocalDeployer({ directory: state() }).open()).rejects.toMatchObject({ reason: 'DIRECTORY_BUSY' });
  });

  it('lets requests not change what is fixed for the platform', async () => {
    const deployer = await open();
    const request = requestFor(script(base, ''), { 'local.envVarsToInherit': '.*' });
    await expect(deployer.deploy(request)).rejects.toMatchObject({ reason: 'FIXED_PROPERTY', code: 'PERMISSION_DENIED' });
  });

  it('has properties of its own, which requests may be stronger than', async () => {
    const deployer = await open({ properties: { 'spring.cloud.deployer.local.hostname': 'localhost' } });
    const app = script(base, 'exec sleep 600', { 'server.port': '' });
    await deployer.deploy(requestFor(app));
    await deployer.deploy(requestFor(app, { 'local.hostname': '127.0.0.1' }, 'other'));
    const urls = (await deployer.statuses(['app-v1', 'other'])).map(({ instances }) => instances[0]!.attributes['url']);
    expect(urls).toEqual([expect.stringContaining('//localhost:'), expect.stringContaining('//127.0.0.1:')]);
  });

  it('refuses a property that no process can be given', async () => {
    const deployer = await open();
    const error = { reason: 'TEXT_INVALID', code: 'INVALID_ARGUMENT' };
    await expect(deployer.deploy(requestFor(script(base, '', { a: 'b\0c' })))).rejects.toMatchObject(error);
    const request = { ...requestFor(script(base, '')), arguments: ['a\0'] };
    await expect(deployer.deploy(request)).rejects.toMatchObject(error);
  });

  it('refuses a file that cannot be executed, and a jar that is none', async () => {
    const deployer = await open();
    const path = join(base, 'file');
    writeFileSync(path, 'text');
    const deploy = (kind: 'executable' | 'jar') =>
      deployer.deploy(requestFor({ label: 'a', resource: { kind, path }, properties: {} }));
    await expect(deploy('executable')).rejects.toMatchObject({ reason: 'NOT_EXECUTABLE', code: 'INVALID_ARGUMENT' });
    await expect(deploy('jar')).rejects.toMatchObject({ reason: 'JAR_BROKEN', code: 'INVALID_ARGUMENT' });
  });

  it('tells of a directory that cannot be written, and what runs goes on', async () => {
    const deployer = await open();
    const app = script(base, 'exec sleep 600');
    const id = await deployer.deploy(requestFor(app));
    await reaches(deployer, id, 'deployed');
    rmSync(join(state(), 'deployments'), { recursive: true });
    writeFileSync(join(state(), 'deployments'), 'in the way');
    await expect(deployer.deploy(requestFor(app, {}, 'other'))).rejects.toMatchObject({
      reason: 'STORAGE_FAILED',
      code: 'UNAVAILABLE',
    });
    expect([(await deployer.status(id)).state, marked().length]).toEqual(['deployed', 1]);
    rmSync(join(state(), 'deployments'));
    await deployer.undeploy(id);
    expect(marked()).toEqual([]);
  });
});
