import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['development'] },
  ssr: { resolve: { conditions: ['development', 'node', 'module'] } },
  test: {
    include: ['*/test/**/*.test.ts', 'binders/*/test/**/*.test.ts', 'examples/*/*.test.ts', 'faults/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    execArgv: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
  },
});
