import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FakeServer, page, problem, Answer } from '../../dataflow-client/test/fake-server.ts';
import type { Answers } from '../../dataflow-client/test/fake-server.ts';
import { completeLine, Shell } from '../src/index.ts';
import type { ShellOptions } from '../src/index.ts';

const greeting: Answers = {
  'GET /': { 'api.revision': 14, _links: { about: { href: 'x' } } },
  'GET /security/info': { authenticationEnabled: false, authenticated: false },
};
const tick = {
  name: 'tick',
  dslText: 'time | log',
  originalDslText: 'time | log',
  status: 'deployed',
  description: 'ticks',
  statusDescription: 'The stream has been successfully deployed',
};
const streams: Answers = {
  'GET /streams/definitions?size=2000&page=0': page('streamDefinitionResourceList', [tick]),
  'GET /streams/definitions/tick': tick,
};
const app = (type: string, name: string, version: string, defaultVersion = true) => ({
  type,
  name,
  version,
  defaultVersion,
  uri: 'u',
});
const apps: Answers = {
  'GET /apps?size=2000&page=0': page('appRegistrationResourceList', [
    app('source', 'web', '1.0.0'),
    app('source', 'web', '1.1.0', false),
    app('sink', 'notag', 'latest'),
    app('sink', 'ledger', '2.0.0'),
    app('app', 'side', '1'),
  ]),
};

async function setUp(answers: Answers, options: Partial<ShellOptions> = {}) {
  const server = await FakeServer.start({ ...greeting, ...answers });
  onTestFinished(async () => server[Symbol.asyncDispose]());
  const printed: string[] = [];
  const shell = new Shell({ uri: server.uri, version: '1', print: (text) => void printed.push(text), ...options });
  return { shell, printed, server, run: async (line: string) => (await shell.run(line), printed.splice(0).join('\n')) };
}

it('lists applications in a column per type, as Spring Cloud Data Flow does', async () => {
  const { run } = await setUp(apps);
  expect(await run('app list')).toBe(
    [
      '╔════╤══════╤═════════╤══════╤════╗',
      '║app │source│processor│ sink │task║',
      '╠════╪══════╪═════════╪══════╪════╣',
      '║side│web   │         │ledger│    ║',
      '║    │      │         │notag │    ║',
      '╚════╧══════╧═════════╧══════╧════╝',
      '',
    ].join('\n'),
  );
  expect(await run('app list source:web')).toContain('║   │> web-1.0.0 <│         │    │    ║\n║   │web-1.1.0    │');
});

it('says what was asked for in the words of Spring Cloud Data Flow', async () => {
  const { run, server } = await setUp({
    ...streams,
    'POST /streams/definitions': tick,
    'POST /streams/deployments/tick': new Answer(201),
    'DELETE /streams/deployments/tick': new Answer(200),
    'DELETE /streams/definitions/tick': new Answer(200),
    'POST /streams/deployments/rollback/tick/0': new Answer(201),
    'POST /streams/deployments/scale/tick/log/instances/3': new Answer(201),
    'POST /streams/deployments/update/tick': new Answer(201),
  });
  expect(await run('stream create tick --definition "time | log"')).toBe("Created new stream 'tick'");
  expect(await run('stream create --name tick --definition "time | log" --deploy')).toBe(
    "Created new stream 'tick'\nDeployment request has been sent",
  );
  expect(await run('stream deploy tick --properties "app.log.level=WARN, deployer.*.memory=1g,app.time.x=a,b"')).toBe(
    "Deployment request has been sent for stream 'tick'",
  );
  expect(JSON.parse(server.received.at(-1)!.body)).toEqual({
    'app.log.level': 'WARN',
    'deployer.*.memory': '1g',
    'app.time.x': 'a,b',
    'spring.cloud.dataflow.skipper.packageName': 'tick',
    'spring.cloud.dataflow.skipper.packageVersion': '1.0.0',
  });
  expect(await run('stream scale app instances tick --applicationName log --count 3')).toBe(
    "Scale request has been sent for the stream 'tick'",
  );
  expect(await run('stream update tick --properties app.log.level=INFO --force --appNames log,time')).toBe(
    "Update request has been sent for the stream 'tick'",
  );
  expect(JSON.parse(server.received.at(-1)!.body)).toMatchObject({ force: true, appNames: ['log', 'time'], releaseName: 'tick' });
  expect(await run('stream rollback tick')).toBe("Rollback request has been sent for the stream 'tick'");
  expect(await run('stream undeploy tick')).toBe("Un-deployed stream 'tick'");
  expect(await run('stream destroy tick')).toBe("Destroyed stream 'tick'");
});

it('shows a stream with the properties of its deployment', async () => {
  const deployment = {
    streamName: 'tick',
    dslText: '',
    deploymentProperties: '{"log":{"spring.cloud.deployer.count":"1"}}',
    status: 'deployed',
  };
  const { run } = await setUp({ ...streams, 'GET /streams/deployments/tick?reuse-deployment-properties=true': deployment });
  expect(await run('stream info tick')).toBe(
    [
      '╔═══════════╤═════════════════╤═══════════╤════════╗',
      '║Stream Name│Stream Definition│Description│ Status ║',
      '╠═══════════╪═════════════════╪═══════════╪════════╣',
      '║tick       │time | log       │ticks      │deployed║',
      '╚═══════════╧═════════════════╧═══════════╧════════╝',
      '',
      'Stream Deployment properties: {',
      '  "log" : {',
      '    "spring.cloud.deployer.count" : "1"',
      '  }',
      '}',
    ].join('\n'),
  );
});

it('shows the history with the dates of Java', async () => {
  const release = {
    name: 'tick',
    version: 2,
    info: { status: { statusCode: 'DEPLOYED' }, lastDeployed: '2026-11-23T13:54:41.070+0000', description: 'Install complete' },
    pkg: { metadata: { name: 'tick', version: '1.0.0' } },
  };
  const { run } = await setUp({ 'GET /streams/deployments/history/tick': [release] });
  expect(await run('stream history tick')).toContain(
    '║2      │Mon Nov 23 13:54:41 UTC 2026│DEPLOYED│tick        │1.0.0          │Install complete║',
  );
});

it('draws what runs, each instance beneath its application', async () => {
  const attributes = { port: '20254', guid: 'g' };
  const status = {
    deploymentId: 'tick.log-v1',
    state: 'deployed',
    instances: { _embedded: { appInstanceStatusResourceList: [{ instanceId: 'tick.log-v1-0', state: 'deployed', attributes }] } },
  };
  const { run } = await setUp({ 'GET /runtime/apps?size=2000&page=0': page('appStatusResourceList', [status]) });
  expect(await run('runtime apps')).toBe(
    [
      '╔════════════════════╤═══════════╤═════════════════════════════╗',
      '║App Id / Instance Id│Unit Status│No. of Instances / Attributes║',
      '╠════════════════════╪═══════════╪═════════════════════════════╣',
      '║tick.log-v1         │ deployed  │              1              ║',
      '╟┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┼┈┈┈┈┈┈┈┈┈┈┈┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈╢',
      '║tick.log-v1-0       │ deployed  │port = 20254                 ║',
      '║                    │           │guid = g                     ║',
      '╚════════════════════╧═══════════╧═════════════════════════════╝',
      '',
    ].join('\n'),
  );
  expect(await run('runtime apps --summary')).toContain('║tick.log-v1│ deployed  │       1        ║');
  expect(await run('runtime apps --appIds other.*')).not.toContain('tick.log');
});

it('prints data as JSON on request', async () => {
  const { run } = await setUp(streams, { output: 'json' });
  expect(JSON.parse(await run('stream list'))).toMatchObject([{ name: 'tick' }]);
});

it('passes on what the server refuses', async () => {
  const text = 'Cannot create stream tick because another one has already been created with the same name';
  const { shell } = await setUp({ 'POST /streams/definitions': problem(409, 'DuplicateStreamDefinitionException', text) });
  await expect(shell.run('stream create tick --definition "time | log"')).rejects.toThrow(text);
});

it.each([
  ['nonsense', "Command 'nonsense' not found"],
  ['stream lst', "did you mean 'stream list'?"],
  ['stream create --name x', 'You should specify option (--definition) for this command'],
  ['stream list --all', "'stream list' has no option --all; it has none"],
  ['stream destroy a b', "'stream destroy' takes no 'b' here"],
  ['stream destroy a --name b', "'stream destroy' was given --name twice"],
  ['stream create x --definition', "option --definition of 'stream create' needs a value"],
  ['app register x --type gizmo --uri u', "option --type of 'app' must be one of app, source, processor, sink, task, not 'gizmo'"],
  ['! rm -rf /', 'commands of the operating system are not run from here'],
  ['stream deploy tick --properties a=b --propertiesFile f', 'You cannot specify both'],
  ['script nowhere.txt', "file 'nowhere.txt' cannot be read"],
])('refuses %s with a reason', async (line, text) => {
  const { shell } = await setUp(streams);
  await expect(shell.run(line)).rejects.toThrow(text);
});

it('asks before it destroys everything, and wants --force where nobody can be asked', async () => {
  const all = { ...streams, 'DELETE /streams/definitions': new Answer(200) };
  const asked: string[] = [];
  const careful = await setUp(all, { confirm: async (question) => (asked.push(question), false) });
  expect(await careful.run('stream all destroy')).toBe('');
  expect(asked).toEqual(['Really destroy all streams?']);
  const alone = await setUp(all);
  await expect(alone.shell.run('stream all destroy')).rejects.toMatchObject({ reason: 'CONFIRMATION_NEEDED' });
  expect(await alone.run('stream all destroy --force')).toBe('Destroyed all streams');
});

it('says that no server is there, and works without one as far as that goes', async () => {
  const printed: string[] = [];
  const shell = new Shell({ uri: 'http://127.0.0.1:1', version: '7', print: (text) => void printed.push(text) });
  await expect(shell.run('stream list')).rejects.toThrow('no data-flow server answers at http://127.0.0.1:1');
  await shell.run('version');
  await shell.run('help stream list');
  expect(printed[0]).toBe('7');
  expect(printed[1]).toContain('* stream list - List created streams');
});

it('runs the lines of a file until one fails, and says which', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-shell-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'commands.txt');
  writeFileSync(file, '// first\nversion\n\nnonsense\nversion\n');
  const { shell, printed } = await setUp({});
  await expect(shell.run(`script "${file}" --lineNumbers`)).rejects.toThrow(
    `'${file}' stopped at line 4: Command 'nonsense' not found`,
  );
  expect(printed).toEqual(['Line 2: version', '1', 'Line 4: nonsense']);
});

it.each([
  ['stre', ['stream list ', 'stream create ']],
  ['stream cr', ['stream create ']],
  ['stream create --', ['--name ', '--definition ']],
  ['stream create --na', ['--name ']],
  ['stream destroy ', []],
  ['stream destroy --name ', ['tick']],
  ['app info web --type so', ['source']],
  ['stream create x --definition "time ', ['"time | log']],
  ['stream create x --definition ti', ['"time | log']],
])('completes %s', async (line, expected) => {
  const proposals = { proposals: [{ text: 'time | log' }] };
  const { shell } = await setUp({
    ...streams,
    ...apps,
    'GET /completions/stream?start=time+&detailLevel=1': proposals,
    'GET /completions/stream?start=ti&detailLevel=1': proposals,
  });
  await shell.open();
  const { proposals: found } = await completeLine(shell, line);
  if (expected.length === 0) expect(found.every((each) => each.startsWith('--'))).toBe(true);
  else expect(found).toEqual(expect.arrayContaining([...expected]));
});
