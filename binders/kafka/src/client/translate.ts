import { MillraceError } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';
import { raise } from '../errors.ts';
import { apiIdOf, isConnectionFault, problemOf, refusalOf } from './faults.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'NOT_FOUND',
  UNKNOWN_TOPIC_ID: 'NOT_FOUND',
  GROUP_ID_NOT_FOUND: 'NOT_FOUND',
  TOPIC_ALREADY_EXISTS: 'ALREADY_EXISTS',
  MESSAGE_TOO_LARGE: 'INVALID_ARGUMENT',
  RECORD_LIST_TOO_LARGE: 'INVALID_ARGUMENT',
  INVALID_TOPIC_EXCEPTION: 'INVALID_ARGUMENT',
  INVALID_PARTITIONS: 'INVALID_ARGUMENT',
  INVALID_REPLICATION_FACTOR: 'INVALID_ARGUMENT',
  INVALID_REPLICA_ASSIGNMENT: 'INVALID_ARGUMENT',
  INVALID_CONFIG: 'INVALID_ARGUMENT',
  INVALID_GROUP_ID: 'INVALID_ARGUMENT',
  INVALID_TIMESTAMP: 'INVALID_ARGUMENT',
  INVALID_RECORD: 'INVALID_ARGUMENT',
  INVALID_SESSION_TIMEOUT: 'INVALID_ARGUMENT',
  INVALID_REQUIRED_ACKS: 'INVALID_ARGUMENT',
  INVALID_TRANSACTION_TIMEOUT: 'INVALID_ARGUMENT',
  OFFSET_METADATA_TOO_LARGE: 'INVALID_ARGUMENT',
  OFFSET_OUT_OF_RANGE: 'INVALID_ARGUMENT',
  TOPIC_AUTHORIZATION_FAILED: 'PERMISSION_DENIED',
  GROUP_AUTHORIZATION_FAILED: 'PERMISSION_DENIED',
  CLUSTER_AUTHORIZATION_FAILED: 'PERMISSION_DENIED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'PERMISSION_DENIED',
  POLICY_VIOLATION: 'PERMISSION_DENIED',
  SASL_AUTHENTICATION_FAILED: 'UNAUTHENTICATED',
  UNSUPPORTED_SASL_MECHANISM: 'UNAUTHENTICATED',
  ILLEGAL_SASL_STATE: 'UNAUTHENTICATED',
  UNSUPPORTED_VERSION: 'UNSUPPORTED',
  UNSUPPORTED_COMPRESSION_TYPE: 'UNSUPPORTED',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'UNSUPPORTED',
  INCONSISTENT_GROUP_PROTOCOL: 'FAILED_PRECONDITION',
  NON_EMPTY_GROUP: 'FAILED_PRECONDITION',
  TOPIC_DELETION_DISABLED: 'FAILED_PRECONDITION',
  GROUP_SUBSCRIBED_TO_TOPIC: 'FAILED_PRECONDITION',
  GROUP_MAX_SIZE_REACHED: 'RESOURCE_EXHAUSTED',
  THROTTLING_QUOTA_EXCEEDED: 'RESOURCE_EXHAUSTED',
  REQUEST_TIMED_OUT: 'UNAVAILABLE',
  NOT_ENOUGH_REPLICAS: 'UNAVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'INDETERMINATE',
  LEADER_NOT_AVAILABLE: 'UNAVAILABLE',
  NOT_LEADER_OR_FOLLOWER: 'UNAVAILABLE',
  BROKER_NOT_AVAILABLE: 'UNAVAILABLE',
  COORDINATOR_NOT_AVAILABLE: 'UNAVAILABLE',
  COORDINATOR_LOAD_IN_PROGRESS: 'UNAVAILABLE',
  NOT_COORDINATOR: 'UNAVAILABLE',
  KAFKA_STORAGE_ERROR: 'UNAVAILABLE',
  NETWORK_EXCEPTION: 'UNAVAILABLE',
  UNSTABLE_OFFSET_COMMIT: 'UNAVAILABLE',
  CORRUPT_MESSAGE: 'DATA_LOSS',
  ILLEGAL_GENERATION: 'CONFLICT',
  UNKNOWN_MEMBER_ID: 'CONFLICT',
  REBALANCE_IN_PROGRESS: 'CONFLICT',
  FENCED_INSTANCE_ID: 'CONFLICT',
  PRODUCER_FENCED: 'CONFLICT',
  INVALID_PRODUCER_EPOCH: 'CONFLICT',
  CONCURRENT_TRANSACTIONS: 'CONFLICT',
};

/** Classifies an error of this binder or of the client library by what the caller can do about it. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof MillraceError) return error.code;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal === 'NOT_TLS' ? 'FAILED_PRECONDITION' : 'UNAUTHENTICATED';
  const id = apiIdOf(error);
  if (id !== undefined) return codes[id] ?? 'INTERNAL';
  return isConnectionFault(error) ? 'UNAVAILABLE' : 'INTERNAL';
}

/** What was being done when an error came: for its message. */
export interface Undertaking {
  /** As an infinitive with its object: "create topic 'orders'". */
  readonly what: string;
  readonly brokers: string;
  readonly waitedMs: number;
}

/** The error as users see it: what was being done, where, and what to do next. An error of this binder passes as it is. */
export function translate(error: unknown, { what, brokers, waitedMs }: Undertaking): MillraceError {
  if (error instanceof MillraceError) return error;
  const problem = problemOf(error);
  const refusal = refusalOf(error);
  if (refusal !== undefined) return raise(refusal, { broker: brokers, problem }, error);
  const code = codeOf(error);
  const api = apiIdOf(error);
  if (code === 'PERMISSION_DENIED') return raise('DENIED', { what, problem, api }, error);
  if (code === 'UNAVAILABLE') return raise('UNAVAILABLE', { what, waitedMs, problem, api }, error);
  if (code === 'INDETERMINATE') return raise('OUTCOME_UNKNOWN', { what, waitedMs, problem, api }, error);
  if (code === 'INTERNAL') return raise('FAILED', { what, problem, api }, error);
  const { message } = raise('REFUSED', { what, problem });
  return new MillraceError(message, { code, reason: 'REFUSED', cause: error, details: { what, api } });
}
