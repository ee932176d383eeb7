import * as library from '@platformatic/kafka';
import { MillraceError } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { apiIdOf, isConnectionFault, isTransient, problemOf } from '../../src/client/faults.ts';
import { codeOf, translate } from '../../src/client/translate.ts';

const protocol = (id: string): Error => new library.ProtocolError(id);
const nested = (error: Error): Error =>
  new library.MultipleErrors('several', [
    new library.NetworkError('outer', { cause: new library.MultipleErrors('inner', [error]) }),
  ]);
const network = new library.NetworkError('Connection to 127.0.0.1:1 failed.', {
  cause: new Error('connect ECONNREFUSED 127.0.0.1:1'),
});
const wrongPassword = new library.NetworkError('Connection failed.', {
  cause: new library.AuthenticationError('SASL authentication failed.', { cause: protocol('SASL_AUTHENTICATION_FAILED') }),
});
const certificate = new library.NetworkError('Connection failed.', {
  cause: Object.assign(new Error('unable to verify the first certificate'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
});

describe('the code of an error', () => {
  it.each([
    [protocol('UNKNOWN_TOPIC_OR_PARTITION'), 'NOT_FOUND'],
    [protocol('MESSAGE_TOO_LARGE'), 'INVALID_ARGUMENT'],
    [protocol('INVALID_TOPIC_EXCEPTION'), 'INVALID_ARGUMENT'],
    [protocol('TOPIC_ALREADY_EXISTS'), 'ALREADY_EXISTS'],
    [protocol('NOT_ENOUGH_REPLICAS'), 'UNAVAILABLE'],
    [protocol('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), 'INDETERMINATE'],
    [protocol('TOPIC_AUTHORIZATION_FAILED'), 'PERMISSION_DENIED'],
    [protocol('ILLEGAL_GENERATION'), 'CONFLICT'],
    [protocol('PRODUCER_FENCED'), 'CONFLICT'],
    [nested(protocol('GROUP_AUTHORIZATION_FAILED')), 'PERMISSION_DENIED'],
    [network, 'UNAVAILABLE'],
    [wrongPassword, 'UNAUTHENTICATED'],
    [certificate, 'UNAUTHENTICATED'],
    [
      new library.NetworkError('x', {
        cause: new library.AuthenticationError('No mechanism.', { cause: new library.NetworkError('Connection closed') }),
      }),
      'UNAVAILABLE',
    ],
    [new library.NetworkError('x', { cause: new library.UserError('TLS handshake failed.') }), 'FAILED_PRECONDITION'],
    [new library.TimeoutError('Request timed out'), 'UNAVAILABLE'],
    [new MillraceError('gone', { code: 'NOT_FOUND', reason: 'x' }), 'NOT_FOUND'],
    [new TypeError('a mistake'), 'INTERNAL'],
    ['not even an error', 'INTERNAL'],
  ])('%s is %s', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });
});

describe('what is tried again', () => {
  it.each([
    ['NOT_LEADER_OR_FOLLOWER', true],
    ['COORDINATOR_LOAD_IN_PROGRESS', true],
    ['REQUEST_TIMED_OUT', true],
    ['MESSAGE_TOO_LARGE', false],
    ['TOPIC_AUTHORIZATION_FAILED', false],
  ])('%s: %s', (id, isIt) => {
    expect(isTransient(nested(protocol(id)))).toBe(isIt);
  });

  it('a lost connection, but not refused credentials or certificates, which the library calls retryable', () => {
    expect([network, wrongPassword, certificate].map((each) => isTransient(each))).toEqual([true, false, false]);
    expect(isConnectionFault(network)).toBe(true);
    expect(isConnectionFault(protocol('REQUEST_TIMED_OUT'))).toBe(false);
  });
});

describe('an error as users see it', () => {
  const undertaking = { what: "create topic 'orders'", brokers: 'k:9092', waitedMs: 12 };

  it('names what was done, what went wrong and what to do', () => {
    expect(translate(protocol('CLUSTER_AUTHORIZATION_FAILED'), undertaking).message).toMatch(
      /create topic 'orders'.*CLUSTER_AUTH.*ACL/,
    );
    expect(translate(wrongPassword, undertaking)).toMatchObject({ code: 'UNAUTHENTICATED', details: { broker: 'k:9092' } });
    expect(translate(network, undertaking)).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('tells the innermost problem', () => {
    expect(problemOf(network)).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(apiIdOf(nested(protocol('NOT_CONTROLLER')))).toBe('NOT_CONTROLLER');
  });
});
