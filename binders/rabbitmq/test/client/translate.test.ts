import { describe, expect, it } from 'vitest';
import { codeOf, problemOf, translate } from '../../src/client/translate.ts';

const fault = (message: string, code?: unknown): Error => Object.assign(new Error(message), code === undefined ? {} : { code });

describe('codeOf', () => {
  it.each([
    [fault('read ECONNRESET', 'ECONNRESET'), 'UNAVAILABLE'],
    [fault('getaddrinfo', 'ENOTFOUND'), 'UNAVAILABLE'],
    [fault('Channel closed'), 'UNAVAILABLE'],
    [fault('Heartbeat timeout'), 'UNAVAILABLE'],
    [fault('Connection closed: 320 (CONNECTION-FORCED)', 320), 'UNAVAILABLE'],
    [fault('NOT_FOUND - home node of durable queue is down or inaccessible', 404), 'UNAVAILABLE'],
    [fault('no queue', 404), 'NOT_FOUND'],
    [fault('locked', 405), 'CONFLICT'],
    [fault('inequivalent arg', 406), 'FAILED_PRECONDITION'],
    [fault('refused', 403), 'PERMISSION_DENIED'],
    [fault('Handshake terminated by server: 403 (ACCESS-REFUSED)'), 'UNAUTHENTICATED'],
    [fault('Expected ConnectionOpenOk; got <ConnectionClose channel:0>'), 'FAILED_PRECONDITION'],
    [fault('self-signed', 'SELF_SIGNED_CERT_IN_CHAIN'), 'UNAUTHENTICATED'],
    [fault('wrong version', 'ERR_SSL_WRONG_VERSION_NUMBER'), 'FAILED_PRECONDITION'],
    [new TypeError('a mistake'), 'INTERNAL'],
  ])('%s', (error, code) => expect(codeOf(error)).toBe(code));
});

it("a problem is told in the server's words", () => {
  expect(problemOf(fault('Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue \'q\'"', 404))).toBe(
    "NOT_FOUND - no queue 'q'",
  );
});

it('errors say what was being done and what is next', () => {
  const error = translate(fault('ACCESS_REFUSED', 403), "declare queue 'q'", 'h:1');
  expect([error.code, error.message]).toEqual(['PERMISSION_DENIED', expect.stringMatching(/declare queue 'q'.*grant/)]);
  expect(translate(error, 'something else', 'h:1')).toBe(error);
});
