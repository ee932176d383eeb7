import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { deployerConformance, runConformance } from '../src/index.ts';
import type { TestRunner } from '../src/index.ts';
import { plainHarness } from './plain-harness.ts';

interface Declared {
  readonly path: string;
  readonly isSkipped: boolean;
  readonly body: () => Promise<void>;
}

/** Collects what a suite declares, as a test runner does before it runs anything. */
function collector() {
  const path: string[] = [];
  const tests: Declared[] = [];
  const hooks = { before: [] as (() => Promise<void>)[], after: [] as (() => Promise<void>)[] };
  const declare = (isSkipped: boolean) => (title: string, body: () => Promise<void>) =>
    void tests.push({ path: [...path, title].join(' › '), isSkipped, body });
  const runner: TestRunner = {
    describe(title, body) {
      path.push(title);
      body();
      path.pop();
    },
    it: Object.assign(declare(false), { skip: declare(true) }),
    beforeAll: (body) => void hooks.before.push(body),
    afterAll: (body) => void hooks.after.push(body),
  };
  return { runner, tests, hooks };
}

describe('deployerConformance', () => {
  it('declares a test per scenario, and skips by capability, which the title says', async () => {
    const { runner, tests } = collector();
    await deployerConformance({ test: runner, harness: plainHarness() });
    const find = (end: string) => tests.find(({ path }) => path.endsWith(end));
    expect(find('plain conforms › lifecycle › undeploying twice at once is harmless')).toMatchObject({ isSkipped: false });
    expect(find("apps share a process (needs fuse and the harness's fusable)")).toMatchObject({ isSkipped: true });
    expect(tests.filter(({ isSkipped, path }) => isSkipped !== path.includes('(needs '))).toEqual([]);
  });

  it('declares tests that pass once the hooks have run, and fail without', async () => {
    const { runner, tests, hooks } = collector();
    await deployerConformance({ test: runner, harness: plainHarness() });
    const test = tests.find(({ path }) => path.endsWith('undeploying what does not exist resolves'));
    await expect(test!.body()).rejects.toThrow('beforeAll');
    for (const hook of hooks.before) await hook();
    await test!.body();
    for (const hook of hooks.after) await hook();
  });

  it('has groups that the README lists, and no others', async () => {
    const { runner, tests } = collector();
    await deployerConformance({ test: runner, harness: plainHarness() });
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('## What is tested'), readme.indexOf('`runConformance('));
    const listed = [...table.matchAll(/^\| ([a-z]+(?: [a-z]+)*) \|/gm)].map((match) => match[1]);
    expect(listed).toEqual([...new Set(tests.map(({ path }) => path.split(' › ')[1]))]);
  });
});

describe('runConformance', () => {
  it('runs what is asked for, and reports', async () => {
    const title = 'identity › undeploying what does not exist resolves';
    const report = await runConformance(plainHarness(), { only: [title] });
    expect(report).toMatchObject({ name: 'plain', deployer: 'plain', passed: [title], failed: [], skipped: [] });
  });

  it('refuses a name that means nothing', async () => {
    const only = ['nothing of the kind'];
    await expect(runConformance(plainHarness(), { only })).rejects.toMatchObject({
      reason: 'NOTHING_SELECTED',
      code: 'INVALID_ARGUMENT',
    });
  });
});
