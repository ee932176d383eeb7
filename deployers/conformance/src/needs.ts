import type { Need } from './scenario.ts';

export const stableIndexes: Need = { name: 'stableIndexes', holds: (can) => can.stableIndexes };
export const followsLogs: Need = { name: 'followsLogs', holds: (can) => can.followsLogs };
export const noFollowing: Need = { name: 'followsLogs undeclared', holds: (can) => !can.followsLogs };
export const fuse: Need = {
  name: "fuse and the harness's fusable",
  holds: (can, platform) => can.fuse && platform.fusable !== undefined,
};
export const noFusing: Need = { name: 'fuse undeclared', holds: (can) => !can.fuse };
/** What ended stays so until somebody deploys again. */
export const leavesEnded: Need = { name: 'restartsInstances undeclared', holds: (can) => !can.restartsInstances };
export const restartsInstances: Need = { name: 'restartsInstances', holds: (can) => can.restartsInstances };
