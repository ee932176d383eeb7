import { errorTable } from '@millrace/core';

/** Raises the errors of the embedded binder. One row per reason. */
export const raise = errorTable({
  // Records
  HEADER_TOO_DEEP: {
    code: 'INVALID_ARGUMENT',
    message: 'a header value is nested more than {limit} levels deep; flatten it or move it to the payload',
  },
  HEADER_TYPE: {
    code: 'INVALID_ARGUMENT',
    message: "a header value of type '{type}' cannot be stored; use a string, number, bigint, boolean, null, bytes, list or map",
  },
  TIMESTAMP_INVALID: {
    code: 'INVALID_ARGUMENT',
    message:
      'the timestamp {timestamp} is not a whole number of milliseconds since 1970; leave it out to get the time of the append',
  },
  RECORD_MALFORMED: {
    code: 'DATA_LOSS',
    message: 'the record bytes are malformed at position {position}: {what}; they were not written by this version or were altered',
  },
  // Journal
  STREAM_DROPPED: {
    code: 'FAILED_PRECONDITION',
    message: 'stream {stream} was dropped and its number is never used again; take a new number',
  },
  STREAM_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'stream number {stream} is out of range; use a whole number from 1 to 4294967295',
  },
  BATCH_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'a batch for stream {stream} is not valid: {what}',
  },
  JOURNAL_CLOSED: {
    code: 'FAILED_PRECONDITION',
    message: 'the journal is closed; open it again',
  },
  // Journal
  COMMIT_TOO_LARGE: {
    code: 'INVALID_ARGUMENT',
    message:
      'a commit of {size} bytes is larger than {limit} bytes, which is the most that can be made durable in one step; split it',
  },
  OFFSETS_LOST: {
    code: 'DATA_LOSS',
    message:
      "offsets {from} to {to} of {what} are damaged on disk and cannot be read; 'millrace doctor' names the file: restore it from a copy, or go on from offset {to} ('millrace tail --from {to}', 'millrace destinations seek --to {to}')",
  },
  DESTINATION_DAMAGED: {
    code: 'DATA_LOSS',
    message:
      "'{destination}' cannot be used because a part of it is damaged on disk; 'millrace doctor' names the file: restore it from a copy, or delete '{destination}'; other destinations serve",
  },
  DIRECTORY_NAME_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "'{dataDir}' cannot be the name of a data directory: {why}; choose another",
  },
  JOURNAL_GONE: {
    code: 'DATA_LOSS',
    message:
      "'{dataDir}' was in use before, but its journal is gone from '{directory}'; restore it from a copy, or remove '{dataDir}' to begin with nothing",
  },
  JOURNAL_DISK_FULL: {
    code: 'RESOURCE_EXHAUSTED',
    message: "there is no space left for '{directory}'; nothing was written: free space and try again",
    retryable: true,
  },
  COMMIT_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      "writing to '{directory}' failed with {why}; whether the last commit survives is not known until the journal is opened again",
  },
  JOURNAL_FENCED: {
    code: 'UNAVAILABLE',
    message: "writing to '{directory}' failed with {why} and its contents are uncertain; check the disk, then restart",
  },
  READ_FAILED: {
    code: 'UNAVAILABLE',
    message: "reading from '{directory}' failed with {why}; check the disk",
    retryable: true,
  },
  DISK_FAILED: {
    code: 'UNAVAILABLE',
    message: "opening the journal in '{directory}' failed with {why}; check the disk and the permissions",
  },
  JOURNAL_DIRECTORY_UNUSABLE: {
    code: 'PERMISSION_DENIED',
    message: "the data directory '{directory}' cannot be used: {why}; it must be a directory that this user may write to",
  },
  DIRECTORY_IN_USE: {
    code: 'UNAVAILABLE',
    message: "the data directory '{directory}' is in use by another process; stop that one or choose another directory",
    retryable: true,
  },
  FORMAT_TOO_NEW: {
    code: 'FAILED_PRECONDITION',
    message:
      "'{file}' in '{directory}' was written in format {version}, this version reads up to {supported}; upgrade, or use another data directory",
  },
  JOURNAL_UNREADABLE: {
    code: 'DATA_LOSS',
    message: "no file in '{directory}' can be recognised as part of a journal; restore them, or move them away to start empty",
  },
  // Destinations
  NAME_EMPTY: {
    code: 'INVALID_ARGUMENT',
    message: 'the name of a destination is empty; give it one',
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
  DESTINATION_KIND: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' is a {actual}, not a {wanted}; use another name, or delete it first",
  },
  DESTINATION_DIFFERS: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' exists with {property} {actual}, not {wanted}; leave {property} out, or delete the destination first",
  },
  GROUP_UNKNOWN: {
    code: 'NOT_FOUND',
    message: "'{destination}' has no group '{group}'; a group begins with its first consumer or seek",
  },
  // Consuming
  CONSUMER_GONE: {
    code: 'FAILED_PRECONDITION',
    message: 'the consumer {consumer} is not attached any more; bind it again',
  },
  RECEIVE_TWICE: {
    code: 'FAILED_PRECONDITION',
    message: "'{source}' is already waiting in receive; call it again when that has settled",
  },
  FOREIGN_DELIVERY: {
    code: 'INVALID_ARGUMENT',
    message: "a delivery handed to '{source}' was not received from it; give it back where it came from",
  },
  TRANSACTION_FENCED: {
    code: 'CONFLICT',
    message: "a consumed message of group '{group}' now belongs to another member; nothing was committed, drop the messages",
  },
  // Limits
  MESSAGE_TOO_LARGE: {
    code: 'INVALID_ARGUMENT',
    message: 'a message of {size} bytes exceeds the limit of {limit}; send less or raise maxMessageBytes',
  },
  PRIORITY_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'a command cannot have the priority {priority}; use a whole number from 0 to {highest}',
  },
  QUEUE_FULL: {
    code: 'RESOURCE_EXHAUSTED',
    message: "queue '{queue}' still holds {limit} commands after {waitMs} ms; add consumers, send slower or raise maxQueueDepth",
    retryable: true,
  },
  WATCHER_BLOCKS: {
    code: 'RESOURCE_EXHAUSTED',
    message:
      "a watcher of region '{region}' that blocks writers did not catch up within {seconds} s; look after it or let it conflate",
    retryable: true,
  },
  COMMAND_UNREADABLE: {
    code: 'DATA_LOSS',
    message: 'the command {id} cannot be read from the journal; see the damage reported at start',
  },
  // Regions
  REGION_CLOSED: {
    code: 'FAILED_PRECONDITION',
    message: "this binding of region '{region}' is closed; open the region again",
  },
  WATCHER_UNKNOWN: {
    code: 'NOT_FOUND',
    message: "region '{region}' has no watcher '{name}'",
  },
  POSITION_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "'{position}' is not a position in a region; use one that a watch handed out",
  },
  // Connection
  DIRECTORY_IS_FILE: {
    code: 'FAILED_PRECONDITION',
    message: "the data directory '{dataDir}' cannot be used: a part of this path is a file; choose another path",
  },
  FORMAT_NEWER: {
    code: 'FAILED_PRECONDITION',
    message:
      "the data directory '{dataDir}' has format {found}, written by version {writer}; version {version} reads formats up to {known}: upgrade this package, or choose another directory",
  },
  FORMAT_UNREADABLE: {
    code: 'DATA_LOSS',
    message: "'{path}' cannot be read as the format of a data directory; restore it from a backup, or choose another directory",
  },
  SOCKET_FOLDER_FOREIGN: {
    code: 'PERMISSION_DENIED',
    message: "the folder '{folder}' for the broker's socket belongs to another user; remove it, or set TMPDIR to a folder of yours",
  },
  SOCKET_FORBIDDEN: {
    code: 'PERMISSION_DENIED',
    message: "the broker's socket '{path}' belongs to another user; run as the user that holds the data directory",
  },
  SOCKET_FAILED: {
    code: 'UNAVAILABLE',
    message: "the broker cannot listen on '{path}': {problem}; check the folder and what else uses this path",
  },
  HOLDER_UNREACHABLE: {
    code: 'UNAVAILABLE',
    message: "another process holds '{dataDir}' but did not answer within {waitedMs} ms; check whether it is stopped or overloaded",
    retryable: true,
  },
  WORKER_FAILED: {
    code: 'INTERNAL',
    message: "the broker's thread failed: {problem}",
  },
  REQUEST_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'a request is malformed: {what}; use the same version of this package in all processes',
  },
  OPERATION_UNKNOWN: {
    code: 'UNSUPPORTED',
    message:
      "the process that holds the data directory does not know '{operation}'; use the same version of this package everywhere",
  },
  PROTOCOL_VERSION: {
    code: 'FAILED_PRECONDITION',
    message:
      'this process speaks version {theirs} of the protocol, the one that holds the data directory version {ours}; use the same version of this package in both',
  },
  FRAME_TOO_LARGE: {
    code: 'RESOURCE_EXHAUSTED',
    message: 'a request or answer of {size} bytes exceeds the limit of {limit}; send fewer or smaller messages at once',
  },
  FRAME_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'the other side of the connection sent {what}; only this package may connect to the broker of a data directory',
  },
  CONNECTION_BROKEN: {
    code: 'UNAVAILABLE',
    message: "the connection to the broker of '{dataDir}' broke; it is made anew, perhaps to another process",
    retryable: true,
  },
  CONNECTION_LOST: {
    code: 'UNAVAILABLE',
    message:
      "the broker of '{dataDir}' was lost and did not come back within {waitedMs} ms; check the process that holds the directory",
    retryable: true,
  },
  OUTCOME_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      "the broker of '{dataDir}' was lost before it answered, and did not come back within {waitedMs} ms: this may or may not have happened; look, or repeat it if that does no harm",
  },
  BROKER_CLOSED: {
    code: 'UNAVAILABLE',
    message: 'the broker is closing; try again',
    retryable: true,
  },
  BINDER_CLOSED: {
    code: 'CANCELLED',
    message: 'the binder is closed; open a new one',
  },
  NOT_OPEN: {
    code: 'FAILED_PRECONDITION',
    message: 'the binder is not open; await open() first',
  },
  CANCELLED: {
    code: 'CANCELLED',
    message: 'the caller gave up waiting',
  },
  UNEXPECTED: {
    code: 'INTERNAL',
    message: 'the embedded broker failed unexpectedly: {what}; please report this',
  },
});
