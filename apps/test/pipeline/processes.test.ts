import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedBinder } from '@millrace/binder-embedded';
import { createRuntime } from '@millrace/messaging';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lineLogger, nodeSpawner, runPipelines } from '../../src/index.ts';
import type { PipelineProgress, SpawnApp } from '../../src/index.ts';
import { directory } from '../harness.ts';

let base: string;
const lines = Array.from({ length: 2000 }, (_, n) => `{"n":${n}}`);

beforeEach(() => {
  base = directory();
  mkdirSync(join(base, 'in'));
  writeFileSync(join(base, 'in', 'a.jsonl'), lines.join('\n'));
});

/** Runs definitions with a process per app on one data directory. */
function run(
  definitions: readonly string[],
  watch: { onProgress?: (all: readonly PipelineProgress[]) => void; spawned?: Spawned } = {},
) {
  const dataDir = join(base, 'data');
  const runtime = createRuntime({
    binders: () => Promise.resolve(embeddedBinder({ dataDir })),
    defaultBinder: 'embedded',
    handleSignals: false,
  });
  onTestFinished(() => runtime.close());
  const spawn = nodeSpawner({
    entry: fileURLToPath(new URL('app-process.ts', import.meta.url)),
    nodeArgs: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, MILLRACE_DATA_DIR: dataDir },
  });
  return runPipelines(
    definitions.map((dsl) => ({ dsl })),
    {
      connect: () => Promise.resolve(runtime),
      fuse: false,
      logger: lineLogger(() => undefined),
      progressEveryMs: 20,
      onProgress: watch.onProgress,
      spawnApp: (request) => {
        const app = spawn(request);
        watch.spawned?.(request.label, app);
        return app;
      },
    },
  );
}

type Spawned = (label: string, app: ReturnType<SpawnApp>) => void;

function written(name: string): readonly string[] {
  return readFileSync(join(base, name), 'utf8').trimEnd().split('\n');
}

const source = () => `file --directory=${base}/in --mode=lines --once=true`;
const sink = (name: string) => `file --directory=${base} --name=${name}`;

describe('a process per app, on one data directory', () => {
  it('brings everything through, in order, and all end', async () => {
    const result = await run([`p = ${source()} | filter --expression="payload.n % 2 == 0" | out: ${sink('out')}`]);
    expect(result.completed).toBe(true);
    expect(written('out')).toEqual(lines.filter((_, n) => n % 2 === 0));
    expect(result.pipelines[0]!.apps.map((app) => [app.label, app.in, app.out])).toEqual([
      ['file', 0, 2000],
      ['filter', 2000, 1000],
      ['out', 1000, 0],
    ]);
  });

  it('joins definitions by taps and named destinations, and tells how far each is behind', async () => {
    const lags = new Set<number | undefined>();
    const result = await run(
      [
        `a = ${source()} | filter --expression="payload.n % 2 == 0" > :even`,
        `b = :even > transform --expression="payload.n * 10" | out: ${sink('tens')}`,
        `c = :a.file > out: ${sink('tapped')}`,
      ],
      { onProgress: (all) => all.forEach(({ apps }) => apps.forEach(({ lag }) => lags.add(lag))) },
    );
    expect(result.completed).toBe(true);
    expect(written('tens')).toEqual(lines.flatMap((_, n) => (n % 2 === 0 ? [String(n * 10)] : [])));
    expect(written('tapped')).toEqual(lines);
    expect([...lags].filter((lag) => lag !== undefined).length).toBeGreaterThan(0);
  });

  it('fails, naming the app, when one is killed; the next run brings through what was left', async () => {
    const definition = `p = ${source()} | filter --expression="payload.n >= 0" | out: ${sink('out')}`;
    let filter: ReturnType<SpawnApp> | undefined;
    const running = run([definition], {
      spawned: (label, app) => {
        if (label === 'filter') filter = app;
      },
      onProgress: ([pipeline]) => {
        if (pipeline!.apps.some(({ label, out }) => label === 'file' && out > 0)) filter?.kill();
      },
    });
    await expect(running).rejects.toMatchObject({ reason: 'APP_FAILED', message: expect.stringContaining("'filter'") });
    // The source had handed everything on, or begins again: at least once either way.
    await run([definition]);
    expect(new Set(written('out'))).toEqual(new Set(lines));
  });
});
