import { describe, expect, it } from 'vitest';
import { errorFromJSON, errorTable, MillraceError } from '@millrace/core';

const raise = errorTable({
  portTaken: { code: 'ALREADY_EXISTS', message: "port {port} is in use; choose another with '--port'", retryable: true },
});

describe('errorTable', () => {
  it('fills the template and carries code, reason and retry rule', () => {
    const error = raise('portTaken', { port: 9000 });
    expect(error).toBeInstanceOf(MillraceError);
    expect(error.toJSON()).toEqual({
      code: 'ALREADY_EXISTS',
      reason: 'portTaken',
      message: "port 9000 is in use; choose another with '--port'",
      retryable: true,
      details: { port: 9000 },
    });
  });

  it('asks for the details that the template names', () => {
    // @ts-expect-error the template needs `port`
    expect(raise('portTaken', {}).message).toContain('undefined');
  });
});

describe('MillraceError', () => {
  it('is recognised across copies of the package by its brand', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('millrace.error')]: true });
    expect(foreign).toBeInstanceOf(MillraceError);
    expect(new Error('x')).not.toBeInstanceOf(MillraceError);
  });

  it('survives a round trip through its plain form', () => {
    const error = raise('portTaken', { port: 1 });
    expect(errorFromJSON(structuredClone(error.toJSON())).toJSON()).toEqual(error.toJSON());
  });
});
