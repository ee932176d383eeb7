// Public names are listed here one by one.
export { apiRevision, DataflowClient } from './client.ts';
export type { AuditQuery } from './client.ts';
export type { ConnectionOptions } from './http.ts';
export { raise as clientError, ServerError } from './errors.ts';
export type { ServerProblem } from './errors.ts';
export type { Apps, AppQuery, AppToRegister } from './apps.ts';
export type { Streams, StreamToCreate, StreamUpdate } from './streams.ts';
export type { Runtime } from './runtime.ts';
export type { Tasks, TaskToCreate } from './tasks.ts';
export type {
  About,
  AppDetail,
  AppInstanceStatus,
  ApplicationType,
  AppOption,
  AppRegistration,
  AppStatus,
  AuditRecord,
  CompletionProposal,
  CurrentTaskExecutions,
  Link,
  Links,
  Page,
  PageInfo,
  Platform,
  Release,
  RuntimeEnvironmentDetails,
  StreamDefinition,
  StreamDeployment,
  StreamRuntime,
  StreamStatus,
  TaskDefinition,
  TaskExecution,
  Validation,
} from './resources.ts';
