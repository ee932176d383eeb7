export { deployerConformance } from './suite.ts';
export type { ConformanceSuite, TestRunner } from './suite.ts';
export { runConformance } from './report.ts';
export type { ConformanceReport, RunOptions } from './report.ts';
export type { DeployerHarness, Platform, PlatformRun, TestApp, Timeouts } from './harness.ts';
export { testAppPath } from './test-app-path.ts';
