import { errorTable } from '@millrace/core';

/** What the kit itself raises; a scenario's own assertions are `AssertionError`s. */
export const kitError = errorTable({
  NOT_SETTLED: {
    code: 'DEADLINE_EXCEEDED',
    message: '{what} did not settle within {ms} ms; every promise of a deployer must settle',
  },
  NOT_REACHED: {
    code: 'DEADLINE_EXCEEDED',
    message: '{what} did not come true within {ms} ms; raise timeouts.settleMs if the platform is only slow. Seen last: {seen}',
  },
  NOTHING_SELECTED: {
    code: 'INVALID_ARGUMENT',
    message: "no scenario matches '{only}'; the names are those of a report, as 'lifecycle › undeploying twice is harmless'",
  },
});
