import { errorTable } from '@millrace/core';

/** Raises the errors of the Kafka binder. One row per reason. */
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
  TOKEN_REFUSED: {
    code: 'UNAUTHENTICATED',
    message: "the identity provider at '{endpoint}' gave no token (status {status}); check the client's id, secret and scope",
  },
  // Server
  UNREACHABLE: {
    code: 'UNAVAILABLE',
    message:
      "no Kafka broker answers at '{brokers}': {problem}; check the addresses, that it is Kafka that listens there, and whether this listener wants TLS",
    retryable: true,
  },
  ANSWER_MALFORMED: {
    code: 'FAILED_PRECONDITION',
    message:
      "what answers at '{broker}' does not speak Kafka's protocol ({problem}); check the address, and what is on the way to it",
  },
  BROKER_TOO_OLD: {
    code: 'FAILED_PRECONDITION',
    message:
      "the Kafka broker at '{broker}' does not speak version {version} of {api} (it speaks {found}); this binder needs Kafka 3.2 or newer",
  },
  UNAUTHENTICATED: {
    code: 'UNAUTHENTICATED',
    message:
      "the Kafka broker at '{broker}' refused the credentials: {problem}; check the user, the password and the SASL mechanism",
  },
  UNTRUSTED: {
    code: 'UNAUTHENTICATED',
    message: "the connection to the Kafka broker at '{broker}' could not be secured: {problem}; check the certificates and names",
  },
  NOT_TLS: {
    code: 'FAILED_PRECONDITION',
    message: "TLS with the Kafka broker at '{broker}' failed: {problem}; check the port and whether this listener uses TLS",
  },
  DENIED: {
    code: 'PERMISSION_DENIED',
    message: 'Kafka does not allow this user to {what}: {problem}; grant the right by an ACL',
  },
  UNAVAILABLE: {
    code: 'UNAVAILABLE',
    message: 'Kafka could not {what} within {waitedMs} ms: {problem}; try again',
    retryable: true,
  },
  OUTCOME_UNKNOWN: {
    code: 'INDETERMINATE',
    message:
      'Kafka did not say within {waitedMs} ms whether it did {what} ({problem}): that may or may not have happened; look, or repeat it if that does no harm',
  },
  REFUSED: { code: 'INVALID_ARGUMENT', message: 'Kafka refused to {what}: {problem}' },
  FAILED: { code: 'INTERNAL', message: 'Kafka failed to {what}: {problem}' },
  // Destinations
  NAME_INVALID: {
    code: 'INVALID_ARGUMENT',
    message:
      "'{destination}' cannot be the name of a topic; use 1 to 249 of the characters A-Z a-z 0-9 . _ - and not '.' or '..' alone",
  },
  KIND_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "'{destination}' cannot be a {kind}: on Kafka every destination is a log; use another binder for it",
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
    message: "there is no topic '{destination}'; create it by binding a producer or consumer, or with the provisioner",
  },
  DESTINATION_MISSING: {
    code: 'FAILED_PRECONDITION',
    message: "there is no topic '{destination}' and autoCreateTopics is off; create the topic or switch it on",
  },
  DESTINATION_DIFFERS: {
    code: 'FAILED_PRECONDITION',
    message: "'{destination}' exists with {property} {actual}, not {wanted}; leave {property} out, or change the topic first",
  },
  GROUP_BUSY: {
    code: 'UNAVAILABLE',
    message: "group '{group}' could not be moved: whenever its members were put out, some joined again at once; try again",
    retryable: true,
  },
  // Messages
  MESSAGE_TOO_LARGE: {
    code: 'INVALID_ARGUMENT',
    message:
      "a message of {size} bytes for '{destination}' exceeds the limit of {limit}; send less, or raise maxMessageBytes here and max.message.bytes of the topic",
  },
  TOPIC_TAKES_LESS: {
    code: 'INVALID_ARGUMENT',
    message:
      "the topic '{destination}' does not take a batch of {size} bytes with a single message; send less, or raise its max.message.bytes",
  },
  TIMESTAMP_INVALID: {
    code: 'INVALID_ARGUMENT',
    message:
      'the timestamp {timestamp} is not a whole number of milliseconds since 1970; leave it out to get the time of the append',
  },
  RECORD_MALFORMED: {
    code: 'DATA_LOSS',
    message: 'the bytes of a record are malformed at position {position}: {what}; they were altered or cut off',
  },
  RECORD_FORMAT_OLD: {
    code: 'UNSUPPORTED',
    message: "'{destination}' holds records in the format {magic} of Kafka before 0.11; convert the topic first",
  },
  BATCH_CORRUPT: {
    code: 'DATA_LOSS',
    message: "the batch at offset {offset} of '{destination}' partition {partition} fails its checksum; seek behind it to go on",
  },
  // Transactions
  TRANSACTION_FENCED: {
    code: 'CONFLICT',
    message: "a consumed message of group '{group}' now belongs to another member; nothing was committed, drop the messages",
  },
  TRANSACTION_ENDED: {
    code: 'UNAVAILABLE',
    message:
      "the transaction '{id}' was ended by the broker ({problem}) and nothing was committed; try again, and give each process its own transactionIdPrefix",
    retryable: true,
  },
  POSITION_INVALID: { code: 'INVALID_ARGUMENT', message: '{position} is not a position that listing parked messages gave' },
});
