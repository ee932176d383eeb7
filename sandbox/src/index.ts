import { missingServer, startServer } from './running-server.ts';
import { Sandbox } from './sandbox.ts';

/** Real servers for tests and tools. */
export const sandbox = {
  /** Starts a server that lives no longer than this process; see {@link startServer}. */
  start: startServer,
  /** Why a server cannot be had on this machine, `undefined` where it can; see {@link missingServer}. */
  missing: missingServer,
  /** The servers of a directory, which outlive this process; what `millrace sandbox` works on. */
  open: (directory: string): Sandbox => new Sandbox(directory),
};

export { missingServer, startServer } from './running-server.ts';
export type { RunningServer, ServerNode, StartServerOptions } from './running-server.ts';
export { Sandbox } from './sandbox.ts';
export type { DownOptions, UpOptions } from './sandbox.ts';
export { Server } from './server.ts';
export type { NodeStatus, Progress, StartOptions } from './server.ts';
export { Member } from './member.ts';
export type { MemberState, WaitOptions } from './member.ts';
export type { ServerRequest } from './request.ts';
export type {
  ConnectionSettings,
  ContainerKind,
  Installation,
  LocateContext,
  MemberPlan,
  MemberRecord,
  ServerKind,
  ServerRecord,
} from './server-kind.ts';
export { serverKinds } from './servers/index.ts';
export { guardSandbox } from './guard.ts';
export type { Guard, GuardMode } from './guard.ts';
export { formatSettings, settingsFormats } from './settings-format.ts';
export type { SettingsFormat } from './settings-format.ts';
