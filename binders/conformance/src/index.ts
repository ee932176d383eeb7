// Public names are listed here one by one.
export { binderConformance } from './suite.ts';
export type { ConformanceSuite, TestRunner } from './suite.ts';
export { runConformance } from './report.ts';
export type { ConformanceReport, RunOptions } from './report.ts';
export type { Broker, BrokerClock, BrokerRun, ConformanceHarness, Limits, Timeouts } from './harness.ts';
export { DeliveryLedger } from './ledger.ts';
export type { LedgerSummary } from './ledger.ts';
