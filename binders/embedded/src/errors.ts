import { errorTable } from '@millrace/core';

/** Raises the errors of the embedded binder. One row per reason. */
export const raise = errorTable({
  // Records
  headerTooDeep: {
    code: 'INVALID_ARGUMENT',
    message: 'a header value is nested more than {limit} levels deep; flatten it or move it to the payload',
  },
  headerType: {
    code: 'INVALID_ARGUMENT',
    message: "a header value of type '{type}' cannot be stored; use a string, number, bigint, boolean, null, bytes, list or map",
  },
  timestampInvalid: {
    code: 'INVALID_ARGUMENT',
    message:
      'the timestamp {timestamp} is not a whole number of milliseconds since 1970; leave it out to get the time of the append',
  },
  recordMalformed: {
    code: 'DATA_LOSS',
    message: 'the record bytes are malformed at position {position}: {what}; they were not written by this version or were altered',
  },
  // Journal
  streamDropped: {
    code: 'FAILED_PRECONDITION',
    message: 'stream {stream} was dropped and its number is never used again; take a new number',
  },
  streamInvalid: {
    code: 'INVALID_ARGUMENT',
    message: 'stream number {stream} is out of range; use a whole number from 1 to 4294967295',
  },
  batchInvalid: {
    code: 'INVALID_ARGUMENT',
    message: 'a batch for stream {stream} is not valid: {what}',
  },
  journalClosed: {
    code: 'FAILED_PRECONDITION',
    message: 'the journal is closed; open it again',
  },
});
