import assert from 'node:assert/strict';
import type { Binder, Delivery, DeliverySource, SendOutcome } from '@millrace/messaging/binder';
import { errorCodes, messageOf } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';
import { kitError } from './errors.ts';
import type { Kit } from './kit.ts';
import { texts } from './messages.ts';

/** The error that a promise rejects with; fails the scenario when it resolves. */
export async function rejection(kit: Kit, promise: Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await kit.within(promise, what);
  } catch (error) {
    rethrowTimeout(error);
    return error;
  }
  return assert.fail(`${what} must reject, but resolved with ${describe(value)}`);
}

/** The promise rejects with one of these codes, by the binder's own classification. */
export async function rejectsWith(
  kit: Kit,
  codes: ErrorCode | readonly ErrorCode[],
  promise: Promise<unknown>,
  what: string,
): Promise<unknown> {
  const error = await rejection(kit, promise, what);
  mustHaveCode(kit.binder, codes, error, what);
  return error;
}

/** A send that must be refused: it rejects, or its only outcome is an error, with one of these codes. */
export async function refused(
  kit: Kit,
  codes: ErrorCode | readonly ErrorCode[],
  sending: Promise<readonly SendOutcome[]>,
  what: string,
): Promise<void> {
  const thrown = sending.then((outcomes) => {
    if (outcomes[0]?.error !== undefined) throw outcomes[0].error;
    return outcomes;
  });
  await rejectsWith(kit, codes, thrown, what);
}

export function unsupported(kit: Kit, promise: Promise<unknown>, what: string): Promise<unknown> {
  return rejectsWith(kit, 'UNSUPPORTED', promise, `${what}, which is not declared,`);
}

export function mustHaveCode(binder: Binder, codes: ErrorCode | readonly ErrorCode[], error: unknown, what: string): void {
  const allowed: readonly ErrorCode[] = typeof codes === 'string' ? [codes] : codes;
  const code = binder.errorCode(error);
  assert.ok(errorCodes.includes(code), `errorCode answers '${code}', which is not a portable code`);
  assert.ok(allowed.includes(code), `${what} must fail with ${allowed.join(' or ')}, but failed with ${code}: ${messageOf(error)}`);
  assert.ok(messageOf(error).length > 0, `${what} fails without a message`);
}

/** Every message of a send was accepted. Returns the outcomes. */
export async function accepted(
  kit: Kit,
  sending: Promise<readonly SendOutcome[]>,
  count?: number,
): Promise<readonly { readonly partition?: number | undefined; readonly offset?: number | undefined }[]> {
  const outcomes = await kit.within(sending, 'send');
  if (count !== undefined) assert.equal(outcomes.length, count, 'a send has one outcome per message');
  return outcomes.map((outcome) => {
    if (outcome.error !== undefined) throw outcome.error;
    return outcome;
  });
}

interface Receiving<T> {
  receive(max: number, waitMs?: number): Promise<readonly T[]>;
}

/** Receives until `count` have come, without acknowledging. */
export async function collect<T>(kit: Kit, source: Receiving<T>, count: number): Promise<T[]> {
  const got: T[] = [];
  while (got.length < count) {
    const what = `receive, with ${got.length} of ${count} so far,`;
    const batch = await kit.within(source.receive(count - got.length), what);
    if (batch.length === 0) throw kitError('SOURCE_CLOSED', { what });
    assert.ok(batch.length <= count - got.length, `receive(${count - got.length}) returned ${batch.length}`);
    got.push(...batch);
  }
  return got;
}

/** Receives and acknowledges until `count` have come. */
export async function drain<D extends Delivery>(kit: Kit, source: DeliverySource<D>, count: number): Promise<D[]> {
  const got: D[] = [];
  while (got.length < count) {
    const what = `receive, with ${got.length} of ${count} so far,`;
    const batch = await kit.within(source.receive(count - got.length), what);
    if (batch.length === 0) throw kitError('SOURCE_CLOSED', { what });
    await kit.within(source.ack(batch), 'ack');
    got.push(...batch);
  }
  return got;
}

/** Nothing arrives for a while. */
export async function quiet(
  kit: Kit,
  source: Receiving<unknown>,
  what = 'this source',
  ms: number = kit.timeouts.quietMs,
): Promise<void> {
  const receiving = source.receive(10, ms);
  // A failure while time passes must not be unhandled; it is thrown where it is awaited.
  receiving.catch(() => undefined);
  await kit.pass(ms);
  const got = await kit.within(receiving, 'receive with waitMs');
  assert.deepEqual(describe(got), describe([]), `nothing more must arrive at ${what}`);
}

/** What these deliveries are, for messages of failed assertions. */
function describe(value: unknown): string {
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null && 'payload' in each);
  if (isList) return `[${texts(value as Delivery[]).join(', ')}]`;
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value);
}

function rethrowTimeout(error: unknown): void {
  if (error instanceof Error && 'reason' in error && error.reason === 'NOT_SETTLED') throw error;
}

/** The same elements the same number of times, in whatever order. */
export function inAnyOrder(actual: readonly unknown[], expected: readonly unknown[], what?: string): void {
  assert.deepEqual(sorted(actual), sorted(expected), what);
}

function sorted(values: readonly unknown[]): readonly string[] {
  return values.map(String).toSorted((a, b) => (a < b ? -1 : 1));
}
