import assert from 'node:assert/strict';
import { guidsOf, rejectsWith, statesOf } from '../expect.ts';
import type { Given, Kit } from '../kit.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

async function scale(kit: Kit, id: string, count: number): Promise<readonly (string | undefined)[]> {
  await kit.within(kit.deployer.scale(id, count), `scale to ${count}`);
  const status = await kit.statusWhere(
    id,
    `${count} deployed instances of '${id}'`,
    ({ state, instances }) => state === 'deployed' && instances.length === count,
  );
  assert.equal(status.wanted, count);
  return guidsOf(status);
}

function firstTwo(all: readonly Given[]): ReadonlySet<number> {
  return new Set(all.flatMap(({ index, pid }) => (index < 2 ? [pid] : [])));
}

export const scalingScenarios = group(
  'scaling',
  scenario('more instances come beside those that run', async (kit) => {
    const id = await kit.deployed();
    const before = await kit.given(id);
    await scale(kit, id, 3);
    await kit.untouched(id, before, 3);
  }),

  scenario('fewer instances remain', async (kit) => {
    const id = await kit.deployed({ count: 3 });
    const before = guidsOf(await kit.status(id));
    const after = await scale(kit, id, 1);
    assert.ok(
      after.every((guid) => before.includes(guid)),
      'what remains must have been there',
    );
    await kit.quiet();
    assert.deepEqual(statesOf(await kit.status(id)), ['deployed']);
  }),

  scenario(
    'the highest numbers go first, and the next ones come again',
    async (kit) => {
      const id = await kit.deployed({ count: 3 });
      const before = await kit.given(id, 3);
      await scale(kit, id, 2);
      const { instances } = await kit.status(id);
      assert.deepEqual(
        instances.map(({ index }) => index),
        [0, 1],
      );
      await scale(kit, id, 4);
      assert.deepEqual(firstTwo(await kit.given(id, 4)), firstTwo(before), 'what remained must not be started again');
    },
    needs.stableIndexes,
  ),

  scenario('none at all is deployed, too, and can be made more again', async (kit) => {
    const id = await kit.deployed();
    await scale(kit, id, 0);
    const status = await kit.status(id);
    assert.deepEqual([status.state, status.wanted, status.instances], ['deployed', 0, []]);
    await scale(kit, id, 1);
  }),

  scenario('the same count again changes nothing', async (kit) => {
    const id = await kit.deployed({ count: 2 });
    const before = await kit.given(id, 2);
    await scale(kit, id, 2);
    await kit.untouched(id, before);
  }),

  scenario('deploying the same with another count scales', async (kit) => {
    const id = await kit.deployed({ count: 1 });
    const before = await kit.given(id);
    await kit.deploy(kit.request({ count: 2 }));
    await kit.statusWhere(id, 'two instances', ({ state, instances }) => state === 'deployed' && instances.length === 2);
    await kit.untouched(id, before, 2);
  }),

  scenario('a count that is none is refused', async (kit) => {
    const id = await kit.deployed();
    for (const count of [-1, 1.5, Number.NaN])
      await rejectsWith(kit, 'INVALID_ARGUMENT', kit.deployer.scale(id, count), `${count} instances`);
    assert.equal((await kit.status(id)).wanted, 1);
  }),
);
