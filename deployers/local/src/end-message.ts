import type { InstanceEnd } from '@millrace/deployer-contract';

interface Limits {
  readonly startTimeoutMs: number;
  readonly memoryLimitBytes: number | undefined;
}

/** What an end means, for people. */
export function endMessage(end: InstanceEnd, { startTimeoutMs, memoryLimitBytes }: Limits): string {
  const last = end.lastLines.at(-1);
  return `${whatHappened(end, startTimeoutMs, memoryLimitBytes)}${last === undefined ? '' : `; its last line: ${last}`}`;
}

function whatHappened(end: InstanceEnd, startTimeoutMs: number, memoryLimitBytes = 0): string {
  switch (end.reason) {
    case 'EXITED':
      return `it ended by itself with exit code ${end.exitCode}`;
    case 'KILLED':
      return `it was ended by ${end.signal}`;
    case 'LOST':
      return 'it ended while no server watched';
    case 'START_TIMEOUT':
      return `it was not healthy within ${startTimeoutMs / 1000} s and was ended`;
    case 'MEMORY_EXCEEDED':
      return `it held more than ${Math.round(memoryLimitBytes / 2 ** 20)} MiB of memory and was ended`;
    case 'LAUNCH_FAILED':
      return 'its program could not be started';
    default:
      return 'it ended';
  }
}
