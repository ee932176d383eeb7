import { conformanceOn } from './harness.ts';

await conformanceOn('kafka 4.4 (one node)', { server: 'kafka:4.4.0', nodes: 1 });
