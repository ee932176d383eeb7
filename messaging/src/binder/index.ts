export type * from './binder.ts';
export type * from './binding.ts';
export type * from './capabilities.ts';
export type * from './log.ts';
export type * from './queue.ts';
export type * from './region.ts';
export type * from './where.ts';
export { headerNames } from './message.ts';
export type { Headers, HeaderValue, InboundMessage, OutboundMessage } from './message.ts';
