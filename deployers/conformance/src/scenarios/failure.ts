import assert from 'node:assert/strict';
import type { AppResource } from '@millrace/deployer-contract';
import { instanceReasons } from '@millrace/deployer-contract';
import { rejectsWith, statesOf } from '../expect.ts';
import type { Kit } from '../kit.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

const missing: Readonly<Partial<Record<AppResource['kind'], AppResource>>> = {
  module: { kind: 'module', path: '/nowhere/at-all.js' },
  jar: { kind: 'jar', path: '/nowhere/at-all.jar' },
  executable: { kind: 'executable', path: '/nowhere/at-all' },
};

const samples: Readonly<Record<AppResource['kind'], AppResource>> = {
  ...(missing as Record<'module' | 'jar' | 'executable', AppResource>),
  builtin: { kind: 'builtin', type: 'source', name: 'time' },
  image: { kind: 'image', image: 'example/none:1' },
};

async function refused(kit: Kit, resource: AppResource, code: 'UNSUPPORTED' | 'NOT_FOUND'): Promise<void> {
  const request = kit.requestFor([{ label: 'app', resource, properties: {} }]);
  await rejectsWith(kit, code, kit.deployer.validate(request), `validating a ${resource.kind} that cannot be run`);
  await rejectsWith(kit, code, kit.deployer.deploy(request), `deploying a ${resource.kind} that cannot be run`);
  const id = kit.deployer.idOf(request);
  assert.equal((await kit.status(id)).state, 'unknown', 'after a refusal there is nothing');
  assert.ok(!(await kit.deployer.list()).includes(id), 'after a refusal nothing is listed');
}

export const failureScenarios = group(
  'failure',
  scenario('an app that ends at its start is failed, with its exit code and its last lines', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'fail-at-start': true, 'exit-code': 7 } }));
    const status = await kit.reaches(id, 'failed');
    const [instance] = status.instances;
    assert.ok(instance!.reason !== undefined && instanceReasons.includes(instance!.reason), 'a failed instance has a reason');
    assert.ok(instance!.message, 'a failed instance has a message');
    assert.equal(instance!.lastEnd?.exitCode, 7);
    assert.ok(
      instance!.lastEnd.lastLines.some((line) => line.includes('kit-failing')),
      `the last lines must hold what it said, but are ${JSON.stringify(instance!.lastEnd.lastLines)}`,
    );
  }),

  scenario('an app that ends with 0 is failed, too', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'fail-at-start': true, 'exit-code': 0 } }));
    const { instances } = await kit.reaches(id, 'failed');
    assert.equal(instances[0]!.lastEnd?.exitCode, 0);
  }),

  scenario(
    'one instance that ends leaves the others alone, and the app is partial',
    async (kit) => {
      const id = await kit.deploy(kit.request({ count: 3, app: { 'match-instances': 1, 'kill-after': 300 } }));
      const status = await kit.statusWhere(
        id,
        'one failed instance of three',
        (each) => each.instances.every(({ state }) => state !== 'deploying') && each.instances[1]!.state === 'failed',
      );
      assert.deepEqual(statesOf(status), ['deployed', 'failed', 'deployed']);
      assert.equal(status.state, 'partial');
    },
    needs.stableIndexes,
  ),

  scenario(
    'deploying again starts what has ended, and only that',
    async (kit) => {
      const wish = { count: 2, app: { 'match-instances': 0, 'kill-after': 200 } };
      const id = await kit.deploy(kit.request(wish));
      await kit.statusWhere(id, 'the end of the first instance', ({ instances }) => instances[0]!.state === 'failed');
      await kit.given(id, 2);
      await kit.deploy(kit.request(wish));
      const status = await kit.statusWhere(
        id,
        'a second end of the first instance',
        ({ instances }) => instances[0]!.restarts === 1 && instances[0]!.state === 'failed',
      );
      assert.equal(status.instances[1]!.restarts, 0);
      assert.equal((await kit.given(id, 3)).filter(({ index }) => index === 1).length, 1, 'the other must not be started again');
    },
    needs.leavesEnded,
  ),

  scenario(
    'what has ended stays so until somebody deploys',
    async (kit) => {
      const id = await kit.deploy(kit.request({ app: { 'fail-at-start': true } }));
      await kit.reaches(id, 'failed');
      await kit.quiet();
      assert.equal((await kit.given(id)).length, 1);
    },
    needs.leavesEnded,
  ),

  scenario(
    'what has ended is started again by the platform',
    async (kit) => {
      const id = await kit.deploy(kit.request({ app: { 'kill-after': 100 } }));
      await kit.statusWhere(id, 'a restart', ({ instances }) => (instances[0]?.restarts ?? 0) > 0);
    },
    needs.restartsInstances,
  ),

  scenario('an app that says it is not well is failed, and deployed once it is well again', async (kit) => {
    const id = await kit.deployed({ app: { 'sick-after': 300, 'well-after': 4000 } });
    const sick = await kit.reaches(id, 'failed');
    assert.equal(sick.instances[0]!.reason, 'UNHEALTHY');
    await kit.reaches(id, 'deployed');
    assert.equal((await kit.given(id)).length, 1, 'it must not have been started again');
  }),

  scenario('what cannot be run is refused, and nothing is left of it', async (kit) => {
    for (const kind of Object.keys(samples) as AppResource['kind'][]) {
      const absent = missing[kind];
      if (!kit.can.resources.includes(kind)) await refused(kit, samples[kind], 'UNSUPPORTED');
      else if (absent !== undefined) await refused(kit, absent, 'NOT_FOUND');
    }
  }),

  scenario('a deployment property that does not exist is refused, with the one that may be meant', async (kit) => {
    const request = kit.request({ deploymentProperties: { 'spring.cloud.deployer.cuont': '2' } });
    const error = await rejectsWith(kit, 'INVALID_ARGUMENT', kit.deployer.deploy(request), 'a misspelt deployment property');
    assert.match(error.message, /count/);
  }),

  scenario('a deployment property with a bad value is refused', async (kit) => {
    for (const [name, value] of [
      ['count', 'many'],
      ['count', '-1'],
      ['memory', '12 parsecs'],
    ] as const) {
      const request = kit.request({ deploymentProperties: { [`spring.cloud.deployer.${name}`]: value } });
      await rejectsWith(kit, 'INVALID_ARGUMENT', kit.deployer.deploy(request), `${name}=${value}`);
    }
  }),

  scenario('properties of other platforms are ignored, and said to be', async (kit) => {
    const property = 'spring.cloud.deployer.another-platform.size';
    const request = kit.request({ deploymentProperties: { [property]: '3' } });
    const warnings = await kit.within(kit.deployer.validate(request), 'validate');
    assert.ok(
      warnings.some((text) => text.includes(property)),
      'a property of another platform must be warned of',
    );
    await kit.reaches(await kit.deploy(request), 'deployed');
  }),

  scenario(
    'apps in one process are refused where that is not declared',
    async (kit) => {
      const [app] = kit.request().apps;
      const request = kit.requestFor([app, { ...app, label: 'second' }]);
      await rejectsWith(kit, 'UNSUPPORTED', kit.deployer.deploy(request), 'two apps in one process, which is not declared,');
    },
    needs.noFusing,
  ),
);
