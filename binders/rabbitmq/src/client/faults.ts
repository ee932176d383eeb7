import { messageOf } from '@millrace/core';

interface Fault {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** The reply code of AMQP (404, 406, …) that an error of the client library carries, if the server sent one. */
export function replyCodeOf(error: unknown): number | undefined {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as Fault;
  if (typeof code === 'number') return code;
  // Refused handshakes carry the code in their text alone.
  const text = typeof message === 'string' ? /(?:terminated by server: |^)(\d{3})\b/.exec(message)?.[1] : undefined;
  return text === undefined ? undefined : Number(text);
}

const sockets = /^(?:E[A-Z]+|EAI_[A-Z]+)$/;
const channelEnds =
  /channel clos|connection clos|channel ended|socket closed|heartbeat timeout|unexpected close|connection_forced|unknown consumer/i;

/** Whether the connection or channel went away, so that nobody knows whether the request was carried out. */
export function isConnectionFault(error: unknown): boolean {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as Fault;
  // Closed by an operator, or by the server's own fault, as when a node of the cluster has just gone.
  if (code === 320 || code === 541) return true;
  if (typeof code === 'number') return false;
  if (typeof code === 'string' && sockets.test(code) && !isRefusedTls(error)) return true;
  return channelEnds.test(messageOf(error));
}

/** What a server answers for a while after it started, or while a queue has no leader. */
const passing = /is down or inaccessible|failed to perform operation on queue|process is stopped by supervisor|due to timeout/i;

/** Whether the same request may succeed a little later. */
export function isTransient(error: unknown): boolean {
  return isConnectionFault(error) || passing.test(messageOf(error));
}

const certificateProblems = /^(UNABLE_TO_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** Why a connection was refused for good: what trying again does not mend. */
export type Refusal = 'UNAUTHENTICATED' | 'UNTRUSTED' | 'NOT_TLS' | 'VHOST_REFUSED';

export function refusalOf(error: unknown): Refusal | undefined {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as Fault;
  if (typeof code === 'string' && certificateProblems.test(code))
    return code === 'ERR_SSL_WRONG_VERSION_NUMBER' ? 'NOT_TLS' : 'UNTRUSTED';
  const text = messageOf(error);
  if (/Handshake terminated by server: 403|ACCESS_REFUSED - Login/.test(text)) return 'UNAUTHENTICATED';
  if (/Expected ConnectionOpenOk/.test(text)) return 'VHOST_REFUSED';
  return undefined;
}

function isRefusedTls(error: unknown): boolean {
  return refusalOf(error) !== undefined;
}
