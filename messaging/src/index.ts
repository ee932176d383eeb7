// Public names are listed here one by one.
export { createRuntime } from './runtime/runtime.ts';
export { command, eventStream, region } from './definitions.ts';
export type {
  Command,
  CommandOptions,
  Definition,
  EventStream,
  EventStreamOptions,
  Region,
  RegionDefinitionOptions,
} from './definitions.ts';
export type {
  BatchHandler,
  BatchOutcome,
  CallOptions,
  CommandContext,
  CommandHandler,
  EventContext,
  EventHandler,
  HandleOptions,
  Health,
  ItemOutcome,
  LogEvent,
  Millrace,
  PublishAllOptions,
  Published,
  PublishOptions,
  PublishTransaction,
  ReadRange,
  RuntimeOptions,
  SendOptions,
  Sent,
  SubscribeBatchOptions,
  SubscribeOptions,
  Subscription,
  SubscriptionHealth,
} from './client.ts';
export type { Message, MessageOptions } from './message.ts';
export type { Headers, HeaderValue } from './binder/message.ts';
export type { BinderCapabilities, StartPosition } from './binder/capabilities.ts';
export type {
  Entry,
  EntryEvent,
  LiveMap,
  PutOptions,
  RegionHandle,
  TypedFilter,
  Watch,
  WatchHandler,
  WatchRequest,
} from './data-events/region-handle.ts';
export { reject } from './errors.ts';
export { javaDouble, javaFloat, JavaKey, javaLong, javaUuid } from './firehose/java-hash.ts';
export { cloudEventOf } from './policies/cloud-events.ts';
export type { CloudEventAttributes, CloudEventOptions } from './policies/cloud-events.ts';
export type { Codec } from './policies/codec.ts';
export { forwardHeaders } from './policies/forward-headers.ts';
export { idempotent, MemoryIdempotencyStore, RegionIdempotencyStore } from './policies/idempotent.ts';
export type { HandledMark, IdempotencyStore } from './policies/idempotent.ts';
export type { ParkedFilter, ParkedMessage, ParkedMessages, RedriveOptions } from './policies/parked.ts';
export type { RetryOptions } from './policies/retry.ts';
export type { Schema, SchemaIssue, SchemaResult } from './policies/schema.ts';
export { logToStderr } from './runtime/log.ts';
export type { Log } from './runtime/log.ts';
export { serveOperations } from './runtime/operations-server.ts';
export type { OperationsServer } from './runtime/operations-server.ts';
