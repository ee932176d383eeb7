import { errorCodes, errorFromJSON, messageOf, MillraceError, type ErrorCode, type ErrorJSON } from '@millrace/core';
import { headerNames, type Headers, type InboundMessage, type OutboundMessage } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { contentTypes } from '../policies/codec.ts';

/** A handler's error as the caller gets it: ours with code, reason and details, a user's as `INTERNAL` with its message, and in `details` its class name and `code`. */
export function errorReply(error: unknown): OutboundMessage {
  const typed = error instanceof MillraceError ? error : raise('HANDLER_FAILED', factsOf(error));
  const headers: Headers = { [headerNames.contentType]: contentTypes.json, [headerNames.errorCode]: typed.code };
  return { payload: Buffer.from(json(typed)), headers };
}

/** What a caller can tell errors of a handler apart by; never the stack, which is the handler's own business. */
function factsOf(error: unknown): { readonly problem: string } & Readonly<Record<string, string>> {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return {
    problem: messageOf(error),
    ...(typeof name === 'string' && name !== 'Error' ? { type: name } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}

/** The error that a reply carries, if it carries one. Whatever was sent, it is a typed error with a known code. */
export function errorOfReply(reply: InboundMessage): MillraceError | undefined {
  if (reply.headers[headerNames.errorCode] === undefined) return undefined;
  const body = parsed(reply.payload);
  return errorFromJSON({
    code: knownCode(body['code'] ?? reply.headers[headerNames.errorCode]),
    reason: text(body['reason'], 'HANDLER_FAILED'),
    message: text(body['message'], 'the handler failed without saying why'),
    retryable: body['retryable'] === true,
    details: isRecord(body['details']) ? body['details'] : {},
  });
}

function json(error: MillraceError): string {
  const form: ErrorJSON = error.toJSON();
  try {
    return JSON.stringify(form);
  } catch {
    // Details that JSON cannot hold (cycles, bigints) must not cost the caller the error itself.
    return JSON.stringify({ ...form, details: {} });
  }
}

function parsed(payload: Uint8Array | null): Readonly<Record<string, unknown>> {
  if (payload === null) return {};
  try {
    const body: unknown = JSON.parse(Buffer.from(payload).toString());
    return isRecord(body) ? body : {};
  } catch {
    // The header already says that it is an error; a responder of another make may say the rest in its own way.
    return { message: Buffer.from(payload).toString() };
  }
}

function knownCode(code: unknown): ErrorCode {
  return errorCodes.find((known) => known === code) ?? 'INTERNAL';
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
