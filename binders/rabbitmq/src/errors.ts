import { errorTable } from '@millrace/core';

/** Raises the errors of the RabbitMQ binder. One row per reason. */
export const raise = errorTable({
  // Use
  NOT_OPEN: { code: 'FAILED_PRECONDITION', message: 'the binder is not open; await open() first' },
  BINDER_CLOSED: { code: 'CANCELLED', message: 'the binder is closed; open a new one' },
  PRODUCER_CLOSED: { code: 'CANCELLED', message: "the producer of '{destination}' is closed; bind a new one" },
  CANCELLED: { code: 'CANCELLED', message: 'the caller gave up waiting' },
  RECEIVE_TWICE: {
    code: 'FAILED_PRECONDITION',
    message: "'{source}' is already waiting in receive; call it again when that has settled",
  },
  FOREIGN_DELIVERY: {
    code: 'INVALID_ARGUMENT',
    message: "a delivery handed to '{source}' was not received from it; give it back where it came from",
  },
  OPTION_INVALID: { code: 'INVALID_ARGUMENT', message: "the option '{name}' cannot be {value}; {expected}" },
  PROPERTY_INVALID: { code: 'INVALID_ARGUMENT', message: "the property '{name}' cannot be '{value}'; {expected}" },
  PROPERTY_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "the property '{name}' asks for '{value}', which is not supported; {next}",
  },
  // Server
  UNREACHABLE: {
    code: 'UNAVAILABLE',
    message:
      "no RabbitMQ node answers at '{addresses}': {problem}; check the addresses, that the server runs, and whether this port wants TLS",
    retryable: true,
  },
  SERVER_TOO_OLD: {
    code: 'FAILED_PRECONDITION',
    message: "the server at '{addresses}' is RabbitMQ {version}; this binder needs 3.10 or newer",
  },
  UNAUTHENTICATED: {
    code: 'UNAUTHENTICATED',
    message: "RabbitMQ at '{addresses}' refused the credentials: {problem}; check the user and the password",
  },
  UNTRUSTED: {
    code: 'UNAUTHENTICATED',
    message: "the connection to RabbitMQ at '{addresses}' could not be secured: {problem}; check the certificates and names",
  },
  NOT_TLS: {
    code: 'FAILED_PRECONDITION',
    message: "TLS with RabbitMQ at '{addresses}' failed: {problem}; check the port and whether it speaks TLS",
  },
  VHOST_REFUSED: {
    code: 'FAILED_PRECONDITION',
    message:
      "RabbitMQ at '{addresses}' refused to open the virtual host: {problem}; check that it exists, that this user may use it, and its limit of connections",
  },
  BLOCKED: {
    code: 'UNAVAILABLE',
    message:
      "RabbitMQ at '{addresses}' takes no messages at the moment ({reason}); free memory or disk there, sends wait until then",
    retryable: true,
  },
  DENIED: {
    code: 'PERMISSION_DENIED',
    message: 'RabbitMQ denied to {what}: {problem}; grant this user the right on the virtual host',
  },
  UNAVAILABLE: {
    code: 'UNAVAILABLE',
    message: 'RabbitMQ could not {what}: {problem}; try again',
    retryable: true,
  },
  TOO_SLOW: {
    code: 'UNAVAILABLE',
    message:
      'RabbitMQ did not {what} within {waitedMs} ms; it may have lost the majority of its nodes or be overloaded: look at its health, then try again',
    retryable: true,
  },
  REFUSED: { code: 'INVALID_ARGUMENT', message: 'RabbitMQ refused to {what}: {problem}' },
  FAILED: { code: 'INTERNAL', message: 'RabbitMQ failed to {what}: {problem}' },
  // Destinations
  NAME_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "'{destination}' cannot be the name of a {kind}; {rule}",
  },
  KIND_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "'{destination}' cannot be a {kind}: RabbitMQ has none; use another binder for it",
  },
  KIND_DIFFERS: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' is a {actual}, not a {wanted}; use another name, or delete it first",
  },
  SPEC_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "'{destination}' cannot have {property} on RabbitMQ {storage}; {next}",
  },
  PARTITIONS_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "'{destination}' cannot have {partitions} partitions; use a whole number from 1 to {limit}",
  },
  PARTITION_UNKNOWN: {
    code: 'INVALID_ARGUMENT',
    message: "'{destination}' has no partition {partition}; it has {partitions}, numbered from 0",
  },
  DESTINATION_UNKNOWN: {
    code: 'NOT_FOUND',
    message: "there is no destination '{destination}'; create it by binding a producer or consumer, or with the provisioner",
  },
  DESTINATION_GONE: {
    code: 'NOT_FOUND',
    message: "'{destination}' was deleted while it was in use; bind it again to create it anew",
  },
  DESTINATION_DIFFERS: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' exists with {property} {actual}, not {wanted}; leave {property} out, or delete it first",
  },
  START_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message:
      "group '{group}' of '{destination}' cannot start at {start}: queues hold only what is sent after they exist; use destinations that are streams",
  },
  LOG_MISSING: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' consists of queues, which cannot be read as a log; make it anew with destinations 'streams'",
  },
  STORAGE_DIFFERS: {
    code: 'FAILED_PRECONDITION',
    message:
      "'{destination}' consists of {actual}, but this binder is set up for {wanted}; set its option destinations to '{actual}', or delete '{destination}' first",
  },
  // Messages
  UNROUTABLE: {
    code: 'FAILED_PRECONDITION',
    message:
      "nobody takes what is sent to '{destination}': no queue is bound to it for the key '{routingKey}'; start a consumer first, or name its group in requiredGroups",
  },
  MESSAGE_TOO_LARGE: {
    code: 'INVALID_ARGUMENT',
    message: 'a message of {size} bytes exceeds the limit of {limit}; send less, or raise maxMessageBytes here and on the server',
  },
  MESSAGE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "a message for '{destination}' cannot be written: {problem}; correct its headers",
  },
  QUEUE_REFUSED: {
    code: 'INDETERMINATE',
    message:
      "at least one queue did not take a message for '{destination}' within {waitedMs} ms, perhaps because it is full; others may have it: look at the queues, then send it again if duplicates are harmless",
  },
  SEND_EXPIRED: {
    code: 'UNAVAILABLE',
    message: "a message for '{destination}' could not be sent within {waitedMs} ms ({problem}) and will not be; send it again",
    retryable: true,
  },
  SEND_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      "RabbitMQ did not confirm a message for '{destination}' within {waitedMs} ms ({problem}): it may or may not be there; send it again if duplicates are harmless",
  },
  // Commands
  COMMAND_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "a command for '{queue}' asks for {option}, which RabbitMQ {version} cannot do on {type} queues; {next}",
  },
  PRIORITY_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "the priority {priority} of a command for '{queue}' is not a whole number from 0 to {last}",
  },
  DELAY_TOO_LONG: {
    code: 'INVALID_ARGUMENT',
    message: "a command for '{queue}' cannot be delayed by {delayMs} ms; the longest delay is {limit} ms",
  },
  CANCEL_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "a command in '{queue}' cannot be cancelled: RabbitMQ does not remove single messages; let its handler decide",
  },
  POSITION_INVALID: { code: 'INVALID_ARGUMENT', message: '{position} is not a position that listing parked messages gave' },
  DEAD_LETTER_BUSY: {
    code: 'UNAVAILABLE',
    message: "the parked messages of '{deadLetter}' are being looked at by another process; try again",
    retryable: true,
  },
});
