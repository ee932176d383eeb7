import { errorTable } from '@millrace/core';

/** What the kit itself raises; a scenario's own assertions are `AssertionError`s. */
export const kitError = errorTable({
  NOT_SETTLED: {
    code: 'DEADLINE_EXCEEDED',
    message: '{what} did not settle within {ms} ms; every promise of a binder must settle, if need be with INDETERMINATE',
  },
  NOT_REACHED: {
    code: 'DEADLINE_EXCEEDED',
    message: '{what} did not come true within {ms} ms; raise timeouts.settleMs if the broker is only slow',
  },
  SOURCE_CLOSED: {
    code: 'FAILED_PRECONDITION',
    message: '{what} returned an empty batch; receive may do so only when the source was closed or its waitMs passed',
  },
  DELIVERIES_WRONG: {
    code: 'DATA_LOSS',
    message: '{rule}; {summary}{examples}',
  },
  LEAKED: {
    code: 'RESOURCE_EXHAUSTED',
    message: 'after close these are still open: {what}; close must free all that open and the bindings took',
  },
  FACET_MISSING: {
    code: 'FAILED_PRECONDITION',
    message: "the binder declares '{facet}' but has no such facet; declare the capability false or implement it",
  },
  STRESS_NEEDS_REAL_TIME: {
    code: 'INVALID_ARGUMENT',
    message: 'stress mode runs scenarios side by side, which would see each other move the clock; create the broker without one',
  },
  NOTHING_SELECTED: {
    code: 'INVALID_ARGUMENT',
    message: "no scenario matches '{only}'; the names are those of a report, as 'delivery › double acknowledgement is harmless'",
  },
});
