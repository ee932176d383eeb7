import { defineConfig } from 'vitest/config';

/** The tests with real Spring applications; `npm run interop` runs them. They share brokers and processors: one file after another. */
export default defineConfig({
  resolve: { conditions: ['development'] },
  ssr: { resolve: { conditions: ['development', 'node', 'module'] } },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: 'harness/setup.ts',
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    execArgv: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
  },
});
