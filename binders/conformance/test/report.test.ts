import { describe, expect, it } from 'vitest';
import { runConformance } from '../src/index.ts';
import { sabotaged } from './broken-binders/sabotage.ts';
import { plainHarness } from './plain-harness.ts';

describe('runConformance', () => {
  it('reports what passed, by title, and what the binder declares', async () => {
    const report = await runConformance(plainHarness(), { only: ['delivery › released messages come again', 'provisioner'] });
    expect(report).toMatchObject({ name: 'plain', binder: 'plain', failed: [], capabilities: { durability: 'none' } });
    expect(report.passed).toContain('delivery › released messages come again');
    expect(report.passed).toContain('provisioner › ensure creates a destination once');
    expect(report.passed.every((title) => /^(delivery|provisioner) › /.test(title))).toBe(true);
  });

  it('names each scenario that it skips, with what that needs', async () => {
    const report = await runConformance(plainHarness(), { only: ['transactions', 'under restart'] });
    expect(report.passed).toEqual([]);
    expect(report.skipped).toContainEqual({
      title: 'transactions › a commit may only produce, only consume, or do nothing',
      reason: 'needs transactions',
    });
    expect(report.skipped).toContainEqual({
      title: 'under restart › consuming goes on and loses nothing',
      reason: "needs the harness's restart, durability above 'none'",
    });
  });

  it('refuses to run what does not exist', async () => {
    const running = runConformance(plainHarness(), { only: ['no such group'] });
    await expect(running).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: /no scenario matches 'no such group'/ });
  });

  it('stops every broker that it started', async () => {
    const real = plainHarness();
    let running = 0;
    const harness = plainHarness({
      async createBroker(run) {
        const broker = await real.createBroker(run);
        running++;
        return { ...broker, connect: () => broker.connect(), stop: async () => void running-- };
      },
    });
    await runConformance(harness, { only: ['content'] });
    expect(running).toBe(0);
  });

  it('gives every run names of its own', async () => {
    const prefixes = new Set<string>();
    const names: string[] = [];
    const real = plainHarness();
    const harness = plainHarness({
      createBroker(run) {
        prefixes.add(run.prefix);
        return real.createBroker(run);
      },
      destinationName(suggested) {
        names.push(suggested);
        return suggested;
      },
    });
    await runConformance(harness, { only: ['content'] });
    await runConformance(harness, { only: ['content'] });
    expect(prefixes.size).toBe(4);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => [...prefixes].some((prefix) => name.startsWith(prefix)))).toBe(true);
  });
});

describe('a failed scenario', () => {
  it('is reported with what went wrong', async () => {
    const deaf = plainHarness({
      async createBroker(run) {
        const broker = await plainHarness().createBroker(run);
        const connect = async () => {
          const binder = await broker.connect();
          return sabotaged(binder, { consumer: () => ({ receive: () => Promise.reject(new Error('deaf')) }) });
        };
        return { ...broker, connect, stop: () => broker.stop() };
      },
    });
    const report = await runConformance(deaf, { only: ['delivery › released messages come again'] });
    expect(report.passed).toEqual([]);
    expect(report.failed).toEqual([
      { title: 'delivery › released messages come again', message: 'deaf', error: expect.objectContaining({ message: 'deaf' }) },
    ]);
  });
});

describe('stress mode', () => {
  it('runs every scenario ten times side by side', async () => {
    let clients = 0;
    const real = plainHarness({ mode: 'stress' });
    const harness = plainHarness({
      mode: 'stress',
      timeouts: { quietMs: 20, stepMs: 20 },
      async createBroker(run) {
        const broker = await real.createBroker(run);
        const connect = () => {
          clients++;
          return broker.connect();
        };
        return { ...broker, connect, stop: () => broker.stop() };
      },
    });
    const report = await runConformance(harness, { only: ['partitions'] });
    expect(report.failed).toEqual([]);
    expect(clients).toBe(1 + 10 * report.passed.length);
  });

  it('refuses a clock that one scenario could move under another', async () => {
    const harness = plainHarness({ createBroker: (run) => plainHarness().createBroker(run), mode: 'stress' });
    await expect(runConformance(harness)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'STRESS_NEEDS_REAL_TIME' });
  });
});
