import assert from 'node:assert/strict';
import type { DeploymentState, DeploymentStatus } from '@millrace/deployer-contract';
import { group, scenario } from '../scenario.ts';

export const observationScenarios = group(
  'observation',
  scenario('many are asked for at once, in the order asked, known or not', async (kit) => {
    const [one, two] = await Promise.all([kit.deployed({ name: 'one' }), kit.deployed({ name: 'two', count: 2 })]);
    const asked = [two, `${kit.group}.nothing`, one];
    const all = await kit.within(kit.deployer.statuses(asked), 'statuses');
    assert.deepEqual(
      all.map(({ id, state, wanted }) => [id, state, wanted]),
      [
        [two, 'deployed', 2],
        [`${kit.group}.nothing`, 'unknown', 0],
        [one, 'deployed', 1],
      ],
    );
    assert.deepEqual(all[2], await kit.status(one));
  }),

  scenario('all are told of where none is named, and listed', async (kit) => {
    const ids = await Promise.all([kit.deployed({ name: 'one' }), kit.deployed({ name: 'two' })]);
    const told = new Set((await kit.within(kit.deployer.statuses(), 'statuses')).map(({ id }) => id));
    const listed = await kit.within(kit.deployer.list(), 'list');
    for (const id of ids) {
      assert.ok(told.has(id), `statuses() must tell of '${id}'`);
      assert.ok(listed.includes(id), `list() must hold '${id}'`);
    }
    assert.equal(new Set(listed).size, listed.length, 'list() must hold nothing twice');
  }),

  scenario('a watcher is told of every change, in order, and no more once it has stopped', async (kit) => {
    const seen: DeploymentStatus[] = [];
    const stop = kit.deployer.watch((status) => seen.push(status));
    const id = await kit.deploy(kit.request({ app: { 'start-delay': 300 } }));
    await kit.reaches(id, 'deployed');
    await kit.undeploy(id);
    await kit.eventually('the end told to the watcher', async () => seen.at(-1)?.state === 'unknown');
    const states = seen.filter((each) => each.id === id).map(({ state }) => state);
    const changes = states.filter((state, index) => state !== states[index - 1]);
    const order: readonly DeploymentState[] = ['deploying', 'deployed', 'unknown'];
    assert.deepEqual(
      changes.filter((state) => order.includes(state)),
      order,
    );
    stop();
    const before = seen.length;
    await kit.deployed();
    assert.equal(seen.length, before, 'a watcher that stopped must hear nothing');
  }),

  scenario('a watcher that fails harms nobody', async (kit) => {
    let told = 0;
    const stops = [
      kit.deployer.watch(() => {
        throw new Error('this watcher was made to fail');
      }),
      kit.deployer.watch(() => void told++),
    ];
    await kit.deployed();
    for (const stop of stops) stop();
    assert.ok(told > 0, 'the other watcher must be told');
  }),
);
