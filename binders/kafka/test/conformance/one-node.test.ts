import { conformanceOn } from './harness.ts';

await conformanceOn('kafka (one node)', { server: 'kafka', nodes: 1 });
