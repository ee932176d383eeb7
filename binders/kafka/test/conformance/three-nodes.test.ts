import { conformanceOn } from './harness.ts';

await conformanceOn('kafka (three nodes)', { server: 'kafka', nodes: 3 });
