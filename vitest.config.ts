import { defineConfig } from 'vitest/config';

/** Tests that start real servers: a step of `npm test` of its own, for they run one after another. `npm run test:servers` runs some. */
const withServers = [
  'sandbox/test/sandbox.test.ts',
  'sandbox/test/servers/*.test.ts',
  'cli/test/sandbox.test.ts',
  'cli/test/brokers.test.ts',
  'binders/kafka/test/conformance/one-node.test.ts',
  'binders/kafka/test/live/*.test.ts',
  'binders/rabbitmq/test/conformance/*.test.ts',
  'binders/rabbitmq/test/live/*.test.ts',
  'faults/kafka/*.test.ts',
];
/** The kit on other versions and on three nodes takes minutes for each; `MILLRACE_VERSIONS=every` runs it, too. */
const onMoreVersions = ['binders/kafka/test/conformance/{newest,oldest,three-nodes}.test.ts'];
const servers = process.env['MILLRACE_SERVERS'] === '1';
const isEvery = process.env['MILLRACE_VERSIONS'] === 'every';

export default defineConfig({
  resolve: { conditions: ['development'] },
  ssr: { resolve: { conditions: ['development', 'node', 'module'] } },
  test: {
    include: servers
      ? [...withServers, ...(isEvery ? onMoreVersions : []), 'tools/test/docs.test.ts']
      : ['*/test/**/*.test.ts', '{binders,deployers}/*/test/**/*.test.ts', 'examples/*/*.test.ts', 'faults/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', ...(servers ? [] : [...withServers, ...onMoreVersions])],
    fileParallelism: !servers,
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    execArgv: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
  },
});
