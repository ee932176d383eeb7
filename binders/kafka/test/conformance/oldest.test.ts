import { conformanceOn } from './harness.ts';

await conformanceOn('kafka 3.9 (one node)', { server: 'kafka:3.9.2', nodes: 1 });
