import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { binderConformance, runConformance } from '../src/index.ts';
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

describe('binderConformance', () => {
  it('declares a test per scenario, in groups, and runs nothing yet', async () => {
    const { runner, tests } = collector();
    await binderConformance({ test: runner, harness: plainHarness() });
    expect(tests.map((each) => each.path)).toContain('plain conforms › delivery › double acknowledgement is harmless');
    const report = await runConformance(plainHarness(), { only: ['queue'] });
    const skipped = tests.filter((each) => each.path.startsWith('plain conforms › queue ›') && each.isSkipped);
    expect(skipped.length).toBe(report.skipped.length);
  });

  it('skips by capability, and says so in the title', async () => {
    const { runner, tests } = collector();
    await binderConformance({ test: runner, harness: plainHarness() });
    const path = 'plain conforms › parking › the summary counts each dead-letter destination (needs parking)';
    expect(tests.find((each) => each.path === path)).toMatchObject({ isSkipped: true });
    expect(tests.some((each) => each.path.includes('delivery') && each.isSkipped && !each.path.includes('(needs '))).toBe(false);
  });

  it('declares tests that pass once the hooks have run, and fail without', async () => {
    const { runner, tests, hooks } = collector();
    await binderConformance({ test: runner, harness: plainHarness() });
    const test = tests.find((each) => each.path.endsWith('delivery › double acknowledgement is harmless'));
    await expect(test!.body()).rejects.toThrow('beforeAll');
    for (const hook of hooks.before) await hook();
    await test!.body();
    for (const hook of hooks.after) await hook();
  });

  it('has groups that the README lists, and no others', async () => {
    const { runner, tests } = collector();
    await binderConformance({ test: runner, harness: plainHarness() });
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('## What is tested'), readme.indexOf('## As data'));
    const listed = [...table.matchAll(/^\| ([a-z-]+(?: [a-z]+)*) \|/gm)].map((match) => match[1]);
    expect(listed).toEqual([...new Set(tests.map((each) => each.path.split(' › ')[1]))]);
  });
});
