import assert from 'node:assert/strict';
import { firstOf, rejectsWith } from '../expect.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const logScenarios = group(
  'logs',
  scenario('the last lines are given, each under its instance and stream', async (kit) => {
    const id = await kit.deployed({ app: { lines: 50 } });
    await kit.written(id, 'kit-line ', 50);
    const [instance] = (await kit.status(id)).instances;
    const lines = await kit.log(id, { tail: 3, stream: 'stdout' });
    assert.deepEqual(
      lines.map(({ text }) => text),
      ['kit-line 49', 'kit-line 50', 'kit-ready'],
    );
    for (const line of lines) assert.deepEqual([line.instance, line.stream], [instance!.id, 'stdout']);
  }),

  scenario('both streams are given unless one is asked for', async (kit) => {
    const id = await kit.deployed();
    const both = await kit.log(id);
    assert.ok(both.some(({ stream, text }) => stream === 'stderr' && text === 'kit-error-output'));
    assert.ok(both.some(({ stream, text }) => stream === 'stdout' && text === 'kit-ready'));
    const errors = await kit.log(id, { stream: 'stderr' });
    assert.ok(errors.length > 0 && errors.every(({ stream }) => stream === 'stderr'));
  }),

  scenario('one instance can be chosen; one that does not exist is refused', async (kit) => {
    const id = await kit.deployed({ count: 2 });
    const [, second] = (await kit.status(id)).instances;
    const lines = await kit.log(id, { instance: second!.id });
    assert.ok(lines.length > 0 && lines.every(({ instance }) => instance === second!.id));
    await rejectsWith(kit, 'NOT_FOUND', kit.log(id, { instance: 'nobody' }), 'the log of an unknown instance');
  }),

  scenario('the log of an app that ended can be read', async (kit) => {
    const id = await kit.deploy(kit.request({ app: { 'fail-at-start': true } }));
    await kit.reaches(id, 'failed');
    assert.ok((await kit.log(id)).some(({ text }) => text.startsWith('kit-failing')));
  }),

  scenario(
    'following gives what is written later, without a gap',
    async (kit) => {
      const id = await kit.deployed({ app: { chatter: 20 } });
      const numbers: number[] = [];
      const collect = async (): Promise<void> => {
        for await (const { text } of kit.deployer.log(id, { follow: true, tail: 0, stream: 'stdout' })) {
          const number = /^kit-chatter (\d+)$/.exec(text)?.[1];
          if (number !== undefined) numbers.push(Number(number));
          if (numbers.length >= 20) return;
        }
      };
      await kit.within(collect(), 'twenty lines while following');
      assert.deepEqual(
        numbers,
        Array.from({ length: 20 }, (_, index) => (numbers[0] ?? 0) + index),
      );
    },
    needs.followsLogs,
  ),

  scenario(
    'following ends by the signal',
    async (kit) => {
      const id = await kit.deployed();
      const stop = new AbortController();
      const following = firstOf(kit.deployer.log(id, { follow: true, signal: stop.signal }), () => false);
      await kit.quiet();
      stop.abort();
      assert.equal(await kit.within(following, 'following after its signal'), undefined);
    },
    needs.followsLogs,
  ),

  scenario(
    'following ends when the deployment does',
    async (kit) => {
      const id = await kit.deployed();
      const following = firstOf(kit.deployer.log(id, { follow: true }), () => false);
      await kit.quiet();
      await kit.undeploy(id);
      assert.equal(await kit.within(following, 'following after the undeployment'), undefined);
    },
    needs.followsLogs,
  ),

  scenario(
    'following is refused where it is not declared',
    async (kit) => {
      const id = await kit.deployed();
      await rejectsWith(kit, 'UNSUPPORTED', kit.log(id, { follow: true }), 'following, which is not declared,');
    },
    needs.noFollowing,
  ),
);
