import assert from 'node:assert/strict';
import { rejectsWith } from '../expect.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

/** A variable of the server's environment that no app may see. */
export const canaryName = 'MILLRACE_KIT_WITHHELD';

const awkward: readonly string[] = [
  'a b',
  ' around ',
  "it's",
  'say "no"',
  '$HOME ${HOME} $(id) `id`',
  'a & b | c ; d > e < f',
  'back\\slash \\n',
  'line\nbreak',
  'tab\tbed',
  'Grüße, 你好 🙂',
  '[x] {y} (z) *?~#!%^',
  '--looks=like-an-option',
  '=',
  '',
];

export const configurationScenarios = group(
  'configuration',
  scenario('properties arrive as they were given', async (kit) => {
    const properties = Object.fromEntries(awkward.map((value, index) => [`awkward.value-${index}`, value]));
    const id = await kit.deployed({ properties });
    const [given] = await kit.given(id);
    for (const [name, value] of Object.entries(properties)) assert.equal(given!.properties[name], value, name);
  }),

  scenario('arguments arrive as they were given', async (kit) => {
    const id = await kit.deployed({ arguments: awkward });
    const [given] = await kit.given(id);
    assert.deepEqual(given!.args.slice(-awkward.length), awkward);
  }),

  scenario('every instance knows who it is', async (kit) => {
    const id = await kit.deployed({ count: 2 });
    const all = await kit.given(id, 2);
    for (const { env } of all) {
      assert.equal(env['SPRING_CLOUD_APPLICATION_GROUP'], kit.group);
      assert.ok(env['SPRING_CLOUD_APPLICATION_GUID'], 'an instance must be told its guid');
    }
    const guids = (await kit.status(id)).instances.map(({ attributes }) => attributes['guid']);
    assert.deepEqual(new Set(all.map(({ env }) => env['SPRING_CLOUD_APPLICATION_GUID'])), new Set(guids));
  }),

  scenario(
    'every instance knows its number',
    async (kit) => {
      const id = await kit.deployed({ count: 2, deploymentProperties: { 'spring.cloud.deployer.indexed': 'true' } });
      const all = (await kit.given(id, 2)).toSorted((a, b) => a.index - b.index);
      assert.deepEqual(
        all.map(({ env }) => [
          env['INSTANCE_INDEX'],
          env['SPRING_CLOUD_STREAM_INSTANCE_INDEX'],
          env['SPRING_CLOUD_STREAM_INSTANCE_COUNT'],
        ]),
        [
          ['0', '0', '2'],
          ['1', '1', '2'],
        ],
      );
    },
    needs.stableIndexes,
  ),

  scenario("the server's environment is withheld", async (kit) => {
    const id = await kit.deployed();
    const [given] = await kit.given(id);
    assert.ok(process.env[canaryName], 'the kit has set it');
    assert.equal(given!.env[canaryName], undefined);
  }),

  scenario('secrets are filled in at the launch and shown nowhere', async (kit) => {
    const [[name, value]] = Object.entries(kit.secrets) as [[string, string]];
    const reference = `\${secret:${name}}`;
    const request = kit.request({ properties: { password: `<${reference}>` }, arguments: [`--token=${reference}`] });
    const shown: unknown[] = [];
    const stop = kit.deployer.watch((status) => shown.push(status));
    const id = await kit.deploy(request);
    await kit.reaches(id, 'deployed');
    stop();
    const [given] = await kit.given(id);
    assert.equal(given!.properties['password'], `<${value}>`);
    assert.equal(given!.args.at(-1), `--token=${value}`);
    shown.push(await kit.status(id), await kit.deployer.validate(request), await kit.deployer.environmentInfo());
    assert.ok(!JSON.stringify(shown).includes(value), 'no status, warning or information may hold a secret');
  }),

  scenario('a secret that cannot be had is named, and nothing runs', async (kit) => {
    const request = kit.request({ properties: { password: '${secret:kit-unknown-secret}' } });
    const error = await rejectsWith(kit, 'FAILED_PRECONDITION', kit.deployer.deploy(request), 'an unknown secret');
    assert.match(error.message, /kit-unknown-secret/);
    assert.equal((await kit.status(kit.deployer.idOf(request))).state, 'unknown');
  }),

  scenario(
    'apps share a process',
    async (kit) => {
      const request = kit.requestFor(kit.platform.fusable!);
      const id = await kit.deploy(request);
      const { instances } = await kit.reaches(id, 'deployed');
      assert.equal(instances.length, 1, 'a process is one instance, however many apps it runs');
      for (const { label } of request.apps)
        await kit.eventually(`a line of '${label}'`, async () => (await kit.log(id)).some(({ text }) => text.includes(label)));
    },
    needs.fuse,
  ),
);
