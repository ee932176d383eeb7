import { errorTable, MillraceError, recode } from '@millrace/core';
import type { Binder } from './binder/binder.ts';

/** Every failure that the portable layer raises. */
export const raise = errorTable({
  // Runtime and binders
  RUNTIME_CLOSED: {
    code: 'FAILED_PRECONDITION',
    message: "cannot {operation}: this runtime was closed; use a new one from 'connect'",
  },
  HANDLER_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: "there is no handler for '{destination}'; give a function as the last argument",
  },
  BINDER_FAILED: {
    code: 'INTERNAL',
    message: "binder '{binder}' could not {operation}: {problem}; see the cause and the state of its server",
  },
  FACET_MISSING: {
    code: 'UNSUPPORTED',
    message:
      "binder '{binder}' has no {facet} facet, which {operation} on '{destination}' needs; configure another binder for this destination",
  },
  DEADLINE: {
    code: 'DEADLINE_EXCEEDED',
    message: '{operation} did not finish within {deadlineMs} ms; raise deadlineMs or look at the health of the binder',
    retryable: true,
  },
  INVALID_OPTION: { code: 'INVALID_ARGUMENT', message: "option '{option}' is {value}, but must be {rule}" },
  // Payloads
  SCHEMA_MISMATCH: {
    code: 'INVALID_ARGUMENT',
    message: "a payload of '{destination}' does not match its schema: {issues}; correct the payload or the schema",
  },
  ENCODE_FAILED: {
    code: 'INVALID_ARGUMENT',
    message:
      "a payload of '{destination}' cannot be written as '{contentType}': {problem}; change the payload, the content type or the codec",
  },
  DECODE_FAILED: {
    code: 'INVALID_ARGUMENT',
    message:
      "a message of '{destination}' cannot be read as '{contentType}': {problem}; its sender must declare what it sends, or give the definition a codec",
  },
  PARTITION_KEY_UNHASHABLE: {
    code: 'INVALID_ARGUMENT',
    message:
      'a partition key of type {type} has no hash that other processes could reproduce; use a string, number, boolean, bigint, list or plain object',
  },
  PARTITION_KEY_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: "the partitionKey of event stream '{destination}' gave nothing for a payload; it must give a value for every payload",
  },
  KEY_FAILED: {
    code: 'INVALID_ARGUMENT',
    message:
      "the options, key or partition key of an event for '{destination}' could not be computed: {problem}; correct the function",
  },
  NO_SUCH_PARTITION: {
    code: 'INVALID_ARGUMENT',
    message: "'{destination}' has no partition {partition}; its partitions are 0 to {last}",
  },
  // Publishing
  PUBLISH_DEADLINE: {
    code: 'DEADLINE_EXCEEDED',
    message:
      "an event for '{destination}' was not sent by its deadline and will not be; publish it again when the binder is healthy",
    retryable: true,
  },
  PUBLISH_INDETERMINATE: {
    code: 'INDETERMINATE',
    message:
      "an event for '{destination}' was sent, but not confirmed by its deadline; it may or may not arrive, publish it again if duplicates are harmless",
  },
  PUBLISH_CROWDED: {
    code: 'RESOURCE_EXHAUSTED',
    message: "{waiting} calls already wait to publish to '{destination}'; await publish before sending more",
    retryable: true,
  },
  PUBLISH_INCOMPLETE: {
    code: 'UNAVAILABLE',
    message:
      "{count} of {total} events for '{destination}' were not accepted, the first because: {problem}; details.failed has their indexes",
  },
  // Consuming
  PARTITION_LOST: {
    code: 'CONFLICT',
    message: 'partition {partition} went to another member, or the subscription closed; the events in it come again elsewhere',
    retryable: true,
  },
  NOT_BEING_HANDLED: {
    code: 'INVALID_ARGUMENT',
    message:
      'a transaction needs the contexts of events that handlers of this runtime are handling now; pass the context that the handler was given',
  },
  TRANSACTION_ACROSS_BINDERS: {
    code: 'INVALID_ARGUMENT',
    message: "a transaction cannot span binders '{binder}' and '{other}'; put its event streams on one binder",
  },
  EVENT_UNREADABLE: {
    code: 'INVALID_ARGUMENT',
    message: "cannot read event {offset} of partition {partition} of '{destination}': {problem}; read around it by its offset",
  },
  READ_CANCELLED: { code: 'CANCELLED', message: "reading '{destination}' was cancelled by its signal" },
  SOURCE_ENDED: {
    code: 'UNAVAILABLE',
    message: "the binder stopped delivering '{destination}' to group '{group}'; the subscription attaches again by itself",
    retryable: true,
  },
  CONSUMER_FAILED: { code: 'INTERNAL', message: '{name} failed: {problem}; it is attached again by itself', retryable: true },
  BATCH_ITEM_FAILED: { code: 'INTERNAL', message: "the batch handler answered '{outcome}' for this event: {problem}" },
  HANDLER_UNCAUGHT: {
    code: 'INTERNAL',
    message: 'code started by the handler threw outside its promise: {problem}; await what the handler starts',
    retryable: true,
  },
  REJECTED: { code: 'FAILED_PRECONDITION', message: '{problem}' },
  // Parked messages
  PARKED_UNKNOWN: {
    code: 'NOT_FOUND',
    message: "there is no parked message '{id}'; it may have been re-driven, edited or discarded, list the parked messages again",
  },
  ORIGIN_UNKNOWN: {
    code: 'FAILED_PRECONDITION',
    message:
      "message '{id}' in '{deadLetter}' does not say where it came from; add the header 'x-original-topic' with 'edit', or discard it",
  },
  EDIT_UNFOUND: {
    code: 'DATA_LOSS',
    message: "an edited message was parked in '{deadLetter}' but is not there; the original was kept",
  },
  NOT_PARKED: {
    code: 'UNAVAILABLE',
    message:
      "dead-letter destination '{deadLetter}' did not take a message: {problem}; the message stays unacknowledged and is parked as soon as it does",
    retryable: true,
  },
  // Commands
  OPTION_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message:
      "binder '{binder}' does not support '{option}', asked for on '{destination}'; leave it out or configure another binder for this destination",
  },
  SEND_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      '{operation} was not confirmed within {deadlineMs} ms and may have happened; send it again with the same id and deduplicateMs, or look',
  },
  REPLY_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      "the reply cannot arrive any more, as the return address on binder '{binder}' is gone ({problem}); the command may have been handled",
  },
  CALL_CANCELLED: {
    code: 'CANCELLED',
    message: "the call '{id}' of '{command}' was cancelled by its signal; it may have been handled",
  },
  HANDLER_FAILED: { code: 'INTERNAL', message: '{problem}' },
  LEASE_LOST: {
    code: 'CONFLICT',
    message:
      "the lease of command '{id}' ran out after {leaseMs} ms, so another consumer may handle it; stop, or give 'handle' a longer leaseMs",
  },
  HANDLER_STOPPED: {
    code: 'CANCELLED',
    message: "the subscription '{name}' was closed while this was handled; it will be handled again",
  },
  TOO_MANY_HAND_OUTS: {
    code: 'FAILED_PRECONDITION',
    message:
      "command '{id}' was handed out {times} times without an outcome: its handler seems to take the process down; it was parked unhandled",
  },
  CONSUMER_ENDED: { code: 'UNAVAILABLE', message: "the consumer of '{name}' ended without being closed", retryable: true },
  // Regions
  WRITE_UNKNOWN: {
    code: 'INDETERMINATE',
    message: '{operation} was not confirmed within {deadlineMs} ms and may have happened; read the entry before writing it again',
  },
  ENTRY_NULL: {
    code: 'INVALID_ARGUMENT',
    message: "an entry of region '{region}' cannot be {value}; use delete to remove '{key}'",
  },
  ENTRIES_NOT_PUT: {
    code: 'INTERNAL',
    message: "{count} of {total} entries were not put into region '{region}': {problem}; details.failed has their places",
  },
  ENTRY_CONFLICT: {
    code: 'CONFLICT',
    message: "entry '{key}' of region '{region}' has version {version}, not {expected}; read it again and decide anew",
    retryable: true,
  },
  KEY_EMPTY: { code: 'INVALID_ARGUMENT', message: "an entry of region '{region}' cannot have the empty key; give it a name" },
  ENTRY_MISSING: { code: 'NOT_FOUND', message: "region '{region}' has no entry '{key}' to patch; put it first" },
  ENTRY_CONTENDED: {
    code: 'CONFLICT',
    message: "entry '{key}' of region '{region}' was changed by others {attempts} times while it was patched; try again later",
    retryable: true,
  },
  WATCH_ENDED: { code: 'UNAVAILABLE', message: "the watch of region '{region}' ended without being closed", retryable: true },
  WATCH_CLOSED: { code: 'CANCELLED', message: "the map of region '{region}' was closed before its snapshot was complete" },
  CHANGE_REDRIVEN: {
    code: 'UNSUPPORTED',
    message:
      "'{id}' is a change of entry '{key}' of region '{region}', which has moved on; read the entry as it is now and discard this",
  },
  // Conditions and key patterns
  WHERE_SHAPE: {
    code: 'INVALID_ARGUMENT',
    message: 'the condition at {at} is {found}, but must be {expected}',
  },
  WHERE_OPERATOR: {
    code: 'INVALID_ARGUMENT',
    message: "the condition at {at} uses the unknown operator '{operator}'; there are {known}{hint}",
  },
  WHERE_OPERAND: {
    code: 'INVALID_ARGUMENT',
    message: "the operator '{operator}' at {at} compares with {found}, but takes {expected}",
  },
  WHERE_PATH: {
    code: 'INVALID_ARGUMENT',
    message: "the condition names the field '{path}', which has an empty part; write names separated by single dots",
  },
  WHERE_TOO_DEEP: {
    code: 'INVALID_ARGUMENT',
    message: 'the condition is nested more than {limit} levels deep; flatten it',
  },
});

/** An error of a binder as one of ours: its own typed errors pass, errors of client libraries get the code the binder gives them. */
export function binderError(binder: Binder, operation: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const problem = error instanceof Error ? error.message : String(error);
  return recode(raise('BINDER_FAILED', { binder: binder.name, operation, problem }, error), binder.errorCode(error));
}

/** What a handler throws to have a message parked now, without further tries. */
export function reject(problem: string, cause?: unknown): MillraceError {
  return raise('REJECTED', { problem }, cause);
}
