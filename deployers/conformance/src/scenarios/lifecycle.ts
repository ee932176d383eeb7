import assert from 'node:assert/strict';
import { rejectsWith, statesOf } from '../expect.ts';
import { group, scenario } from '../scenario.ts';

export const lifecycleScenarios = group(
  'lifecycle',
  scenario('an app is deployed, undeployed, and deployed again', async (kit) => {
    for (const life of [1, 2]) {
      const id = await kit.deployed();
      const status = await kit.status(id);
      assert.deepEqual([status.wanted, statesOf(status)], [1, ['deployed']], `life ${life}`);
      assert.ok(status.instances[0]!.attributes['guid'], 'a deployed instance has a guid');
      await kit.undeploy(id);
      assert.equal((await kit.status(id)).state, 'unknown');
      assert.ok(!(await kit.deployer.list()).includes(id), 'what was undeployed must not be listed');
    }
  }),

  scenario('an app that starts slowly is deploying, then deployed', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'start-delay': kit.timeouts.slowStartMs } }));
    assert.equal((await kit.status(id)).state, 'deploying');
    await kit.written(id, 'kit-given');
    assert.equal((await kit.status(id)).state, 'deploying');
    await kit.reaches(id, 'deployed');
  }),

  scenario('an app can be undeployed while it starts', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'start-delay': 60_000 } }));
    await kit.undeploy(id);
    assert.equal((await kit.status(id)).state, 'unknown');
  }),

  scenario('deploying the same again leaves what runs alone', async (kit) => {
    const id = await kit.deployed();
    const before = await kit.given(id);
    for (let times = 0; times < 3; times++) assert.equal(await kit.deploy(kit.request()), id);
    await kit.untouched(id, before);
    assert.deepEqual(statesOf(await kit.status(id)), ['deployed']);
  }),

  scenario('the same deployed many times at once runs once', async (kit) => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => kit.deploy(kit.request())));
    assert.equal(new Set(ids).size, 1);
    await kit.reaches(ids[0]!, 'deployed');
    await kit.untouched(ids[0]!, await kit.given(ids[0]!));
  }),

  scenario('another request under the same name is refused and changes nothing', async (kit) => {
    const id = await kit.deployed();
    const before = await kit.given(id);
    const other = kit.request({ properties: { other: 'value' } });
    await rejectsWith(kit, 'ALREADY_EXISTS', kit.deployer.deploy(other), 'deploying something else under the same name');
    await kit.untouched(id, before);
    assert.equal((await kit.status(id)).state, 'deployed');
  }),

  scenario('calls on the same id take effect in their order', async (kit) => {
    const id = await kit.deployed();
    const [first] = await kit.given(id);
    await kit.within(Promise.all([kit.deployer.undeploy(id), kit.deployer.deploy(kit.request())]), 'undeploy, then deploy');
    await kit.reaches(id, 'deployed');
    const [second] = await kit.given(id);
    assert.notEqual(second!.pid, first!.pid, 'the app must have been started anew');
    await kit.within(Promise.all([kit.deployer.deploy(kit.request()), kit.deployer.undeploy(id)]), 'deploy, then undeploy');
    assert.equal((await kit.status(id)).state, 'unknown');
  }),

  scenario('undeploying twice at once is harmless', async (kit) => {
    const id = await kit.deployed();
    await kit.within(Promise.all([kit.deployer.undeploy(id), kit.deployer.undeploy(id)]), 'two undeploys at once');
    assert.equal((await kit.status(id)).state, 'unknown');
  }),

  scenario('deployments of different names do not touch each other', async (kit) => {
    const [one, two] = await Promise.all([kit.deployed({ name: 'one' }), kit.deployed({ name: 'two' })]);
    const before = await kit.given(two);
    await kit.undeploy(one);
    await kit.untouched(two, before);
    assert.equal((await kit.status(two)).state, 'deployed');
  }),
);
