import { messageOf, MillraceError } from '@millrace/core';

interface Fault {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly canRetry?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

/** An error and all that it wraps, outermost first. The client library nests in `errors` and, for authentication, in `cause`. */
export function* unwrapped(error: unknown, depth = 0): Generator<Fault> {
  if (typeof error !== 'object' || error === null || depth > 10) return;
  const fault = error as Fault;
  yield fault;
  if (Array.isArray(fault.errors)) for (const inner of fault.errors) yield* unwrapped(inner, depth + 1);
  yield* unwrapped(fault.cause, depth + 1);
}

/** The protocol's name of what went wrong, e.g. `NOT_LEADER_OR_FOLLOWER`; `undefined` where the broker did not answer. */
export function apiIdOf(error: unknown): string | undefined {
  for (const { apiId } of unwrapped(error)) if (typeof apiId === 'string') return apiId;
  return undefined;
}

/** What went wrong in the words of the innermost error that has any. */
export function problemOf(error: unknown): string {
  let problem = messageOf(error);
  for (const { message, apiId, code } of unwrapped(error)) {
    if (typeof message !== 'string') continue;
    if (message !== '') problem = typeof apiId === 'string' ? `${apiId}: ${message}` : message;
    else if (typeof code === 'string') problem = code;
  }
  return problem;
}

/** Answers after which the leader or coordinator must be looked up anew. */
const moved: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_CONTROLLER',
  'OFFSET_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
]);

/** Answers that pass by waiting. */
const passing: ReadonlySet<string> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
  'BROKER_NOT_AVAILABLE',
  'CORRUPT_MESSAGE',
  'NETWORK_EXCEPTION',
]);

/** Whether the same request may succeed a little later, perhaps at another broker. */
export function isTransient(error: unknown): boolean {
  const id = apiIdOf(error);
  if (id !== undefined) return moved.has(id) || passing.has(id);
  return isConnectionFault(error) && !isRefusal(error);
}

/** Whether the place of the request's destination may be out of date. */
export function isStale(error: unknown): boolean {
  const id = apiIdOf(error);
  return id === undefined || moved.has(id);
}

/** Whether the connection failed, so that nobody knows whether the request was carried out. */
export function isConnectionFault(error: unknown): boolean {
  if (apiIdOf(error) !== undefined) return false;
  for (const { code } of unwrapped(error)) if (code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT') return true;
  return false;
}

/** Whether an answer could not be read: what failed is neither the connection nor the broker's own refusal. */
export function isMalformed(error: unknown): boolean {
  if (error instanceof MillraceError) return false;
  // The client library's own errors have codes of this form; what fails while it reads an answer has another one, or none.
  return ![...unwrapped(error)].some(({ code }) => typeof code === 'string' && code.startsWith('PLT_KFK_'));
}

/** Whether the broker did not answer in time. The client library gives such errors the code of all broken connections. */
export function isTimeout(error: unknown): boolean {
  return [...unwrapped(error)].some((fault) => fault.constructor.name === 'TimeoutError');
}

/** Failures of connecting that trying again does not mend: credentials, certificates, the wrong kind of listener. */
export function isRefusal(error: unknown): boolean {
  return refusalOf(error) !== undefined;
}

export type Refusal = 'UNAUTHENTICATED' | 'UNTRUSTED' | 'NOT_TLS';

const certificateProblems = /^(UNABLE_TO_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

export function refusalOf(error: unknown): Refusal | undefined {
  for (const fault of unwrapped(error)) {
    const { code, apiId } = fault;
    if (code === 'PLT_KFK_AUTHENTICATION' && !wasCutOff(fault)) return 'UNAUTHENTICATED';
    if (typeof apiId === 'string' && saslRefusals.has(apiId)) return 'UNAUTHENTICATED';
    if (typeof code === 'string' && certificateProblems.test(code))
      return code === 'ERR_SSL_WRONG_VERSION_NUMBER' ? 'NOT_TLS' : 'UNTRUSTED';
    if (code === 'PLT_KFK_USER') return 'NOT_TLS';
  }
  return undefined;
}

const saslRefusals: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

/** A connection that is lost during authentication says nothing about the credentials. */
function wasCutOff({ cause }: Fault): boolean {
  for (const { code } of unwrapped(cause)) if (code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT') return true;
  return false;
}
