export {
  identityOf,
  isAlive,
  isGroupAlive,
  isPaused,
  parseIdentity,
  processesWith,
  residentBytes,
  signalGroup,
  signalLeader,
} from './identity.ts';
export type { MarkedProcess, ProcessIdentity } from './identity.ts';
export { clearLaunch, closeLaunch, launch, peekIdentity, readIdentity } from './launcher.ts';
export type { LaunchOutput, LaunchPlan, ProcessEnd } from './launcher.ts';
export { acquireLock } from './lock.ts';
export type { Lock } from './lock.ts';
export { choosePort, isPortFree, PortClaims } from './ports.ts';
export type { PortRange } from './ports.ts';
export { findProgram, isExecutable } from './programs.ts';
