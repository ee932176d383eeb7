import { expect, it } from 'vitest';
import { millrace, temporaryDirectory } from './command.ts';

async function proposals(cwd: string, ...words: string[]): Promise<readonly string[]> {
  return (await millrace(['complete', '--', ...words], { cwd })).stdout.split('\n').filter((line) => line !== '');
}

it('proposes names of destinations and regions, each where it is meant', async () => {
  const cwd = temporaryDirectory();
  await millrace(['publish', 'orders', '1'], { cwd });
  await millrace(['regions', 'put', 'prices', 'a', '1'], { cwd });
  expect(await proposals(cwd, 'tail', '')).toEqual(['orders']);
  expect(await proposals(cwd, 'regions', 'get', 'p')).toEqual(['prices']);
  expect(await proposals(cwd, 'destinations', 'show', '')).toEqual(['orders', 'prices']);
  expect(await proposals(temporaryDirectory(), 'tail', '')).toEqual([]);
});

it("proposes an app's own options, and every option once", async () => {
  const cwd = temporaryDirectory();
  expect(await proposals(cwd, 'app', 'filter', '--ex')).toEqual(['--expression=']);
  const options = await proposals(cwd, 'run', '--');
  expect(new Set(options).size).toBe(options.length);
  expect(options).toEqual(expect.arrayContaining(['--json', '--no-fuse', '--tap']));
});
