import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { rejectsWith } from '../expect.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const restartScenarios = group(
  'restart of the deployer',
  scenario('what runs goes on and is adopted', async (kit) => {
    const id = await kit.deployed({ count: 2 });
    const [before, given] = [await kit.status(id), await kit.given(id, 2)];
    await kit.abandon();
    await kit.open();
    const after = await kit.status(id);
    assert.deepEqual(after, before, 'after the restart all is as before');
    await kit.untouched(id, given);
    assert.ok((await kit.deployer.list()).includes(id));
  }),

  scenario('what was adopted can be scaled, watched and undeployed', async (kit) => {
    const id = await kit.deployed({ count: 2 });
    await kit.abandon();
    await kit.open();
    await kit.within(kit.deployer.scale(id, 3), 'scale');
    await kit.statusWhere(id, 'three instances', ({ state, instances }) => state === 'deployed' && instances.length === 3);
    await kit.undeploy(id);
    assert.equal((await kit.status(id)).state, 'unknown');
    assert.ok(!(await kit.deployer.list()).includes(id));
  }),

  scenario('deploying the same again is harmless, something else refused', async (kit) => {
    const id = await kit.deployed();
    const given = await kit.given(id);
    await kit.abandon();
    await kit.open();
    assert.equal(await kit.deploy(kit.request()), id);
    await rejectsWith(kit, 'ALREADY_EXISTS', kit.deployer.deploy(kit.request({ properties: { a: 'b' } })), 'something else');
    await kit.untouched(id, given);
  }),

  scenario(
    'what ended meanwhile is failed, and deploying again starts it',
    async (kit) => {
      const wish = { app: { 'kill-after': 500 } };
      const id = await kit.deployed(wish);
      await kit.abandon();
      await sleep(1500);
      await kit.open();
      const { instances } = await kit.reaches(id, 'failed');
      assert.ok(instances[0]!.lastEnd?.lastLines.includes('kit-ready'), 'the last lines must be known');
      await kit.deploy(kit.request(wish));
      await kit.given(id, 2);
    },
    needs.leavesEnded,
  ),

  scenario('what starts while it is away is deployed after', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'start-delay': 500 } }));
    await kit.abandon();
    await sleep(500);
    await kit.open();
    await kit.reaches(id, 'deployed');
  }),

  scenario('an app that came up with one deployer is ended in order by the next', async (kit) => {
    const id = await kit.deployed();
    const [first] = await kit.given(id);
    await kit.abandon();
    await kit.open();
    await kit.undeploy(id);
    await kit.reaches(await kit.deploy(kit.request()), 'deployed');
    const [again] = await kit.given(id);
    assert.notEqual(again!.pid, first!.pid);
  }),
);
