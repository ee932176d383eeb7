import assert from 'node:assert/strict';
import { rejectsWith } from '../expect.ts';
import { group, scenario } from '../scenario.ts';

const badNames = ['', '..', '../up', '/etc', 'a/b', '-rf', 'a b', 'a\nb', 'a\0b', '$(id)', 'ä', 'x'.repeat(200)];

export const identityScenarios = group(
  'identity',
  scenario('capabilities are frozen data', async (kit) => {
    assert.ok(Object.isFrozen(kit.can) && Object.isFrozen(kit.can.resources), 'capabilities must be frozen, lists included');
    assert.deepEqual(structuredClone(kit.can), kit.can, 'capabilities must be plain data');
  }),

  scenario('the id of a request is known before, and differs by name and by group', async (kit) => {
    const request = kit.request();
    const id = kit.deployer.idOf(request);
    assert.equal(await kit.deploy(request), id);
    const others = [kit.request({ name: 'app-v2' }), { ...request, deploymentProperties: {} }].map((each) =>
      kit.deployer.idOf(each),
    );
    assert.equal(new Set([id, ...others]).size, 3, 'ids must differ where names or groups do');
  }),

  scenario('names that are more than names are refused', async (kit) => {
    for (const name of badNames) {
      const what = `deploying under the name ${JSON.stringify(name)}`;
      await rejectsWith(kit, 'INVALID_ARGUMENT', kit.deployer.deploy(kit.request({ name })), what);
    }
    const inGroup = kit.request({ deploymentProperties: { 'spring.cloud.deployer.group': '../up' } });
    await rejectsWith(kit, 'INVALID_ARGUMENT', kit.deployer.deploy(inGroup), 'deploying in a group that is a path');
  }),

  scenario('an unknown id has the state unknown and no instances', async (kit) => {
    const status = await kit.status(`${kit.group}.nothing`);
    assert.deepEqual(status, { id: `${kit.group}.nothing`, state: 'unknown', wanted: 0, instances: [] });
  }),

  scenario('undeploying what does not exist resolves', async (kit) => {
    await kit.undeploy(`${kit.group}.nothing`);
    await kit.undeploy('../nothing');
  }),

  scenario('scaling and reading logs of what does not exist fail', async (kit) => {
    const id = `${kit.group}.nothing`;
    await rejectsWith(kit, 'NOT_FOUND', kit.deployer.scale(id, 1), 'scaling an unknown deployment');
    await rejectsWith(kit, 'NOT_FOUND', kit.log(id), 'the log of an unknown deployment');
  }),

  scenario('says what the platform is', async (kit) => {
    const info = await kit.within(kit.deployer.environmentInfo(), 'environmentInfo');
    const { details, ...texts } = info;
    for (const [name, text] of [...Object.entries(texts), ...Object.entries(details)])
      assert.ok(typeof text === 'string' && text.length > 0, `environmentInfo.${name} must be a text`);
  }),

  scenario('nothing works once it is closed, and closing again is harmless', async (kit) => {
    const id = await kit.deployed();
    const { deployer } = kit;
    await kit.abandon();
    await deployer.close();
    const request = kit.request({ name: 'late' });
    await rejectsWith(kit, 'FAILED_PRECONDITION', deployer.deploy(request), 'deploy after close');
    await rejectsWith(kit, 'FAILED_PRECONDITION', deployer.status(id), 'status after close');
    await rejectsWith(kit, 'FAILED_PRECONDITION', deployer.undeploy(id), 'undeploy after close');
  }),
);
