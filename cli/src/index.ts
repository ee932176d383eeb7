export { connect } from './connect.ts';
export type { ConnectOptions } from './connect.ts';
export { defineConfig } from './config.ts';
export type { BinderConfig, MillraceConfig } from './config.ts';
export * from '@millrace/messaging';
export { errorCodes, ManualClock, MillraceError, systemClock } from '@millrace/core';
export type { Clock, ErrorCode, Timer } from '@millrace/core';
