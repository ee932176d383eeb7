import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { nodeSpawner } from '../../src/index.ts';
import type { StageCounts } from '../../src/index.ts';

const spawnApp = nodeSpawner({
  entry: fileURLToPath(new URL('app-process.ts', import.meta.url)),
  nodeArgs: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
});

function start(kind: string, app: string, values: Record<string, unknown>) {
  const lines: string[] = [];
  const counts: StageCounts[] = [];
  const env = { SPRING_APPLICATION_JSON: JSON.stringify({ 'server.port': 0, ...values }) };
  const spawned = spawnApp({ kind, app, stream: 's', label: app, env });
  spawned.onLine((line) => lines.push(line));
  spawned.onCounts((each) => counts.push(each));
  onTestFinished(() => spawned.kill());
  return { ...spawned, lines, counts };
}

it('runs a source as a process, tells its counts and ends with 0', async () => {
  const { exited, counts } = start('source', 'load-generator', { 'load-generator.message-count': 700 });
  expect(await exited).toBe(0);
  expect(counts.at(-1)).toEqual({ in: 0, out: 700, failed: 0, parked: 0 });
});

it('ends a process that drains when asked to stop', async () => {
  const app = start('sink', 'log', {});
  const running = async () => {
    while (app.counts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await running();
  app.stop();
  expect(await app.exited).toBe(0);
});

it('tells how much waits for a process once it has begun, and nothing after its end', async () => {
  const app = start('sink', 'log', {});
  await expect.poll(() => app.lag(), { timeout: 20_000 }).toBe(0);
  const last = app.lag();
  app.kill();
  await app.exited;
  expect(await app.lag()).toBeUndefined();
  expect([0, undefined]).toContain(await last);
});

it('tells lines and the exit code of a process that failed', async () => {
  const { exited, lines } = start('source', 'time', { 'time.date-format': 'QQQ' });
  expect(await exited).toBe(3);
  expect(lines.join('\n')).toContain("letter 'Q'");
});
