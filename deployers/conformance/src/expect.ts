import assert from 'node:assert/strict';
import { errorCodes, messageOf, MillraceError } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';
import type { DeploymentState, DeploymentStatus } from '@millrace/deployer-contract';
import type { Kit } from './kit.ts';

/** The promise rejects with a typed error that has this code. */
export async function rejectsWith(kit: Kit, code: ErrorCode, promise: Promise<unknown>, what: string): Promise<MillraceError> {
  const error = await kit.within(
    promise.then(
      (value) => assert.fail(`${what} must reject, but resolved with ${JSON.stringify(value)}`),
      (cause: unknown) => cause,
    ),
    what,
  );
  assert.ok(error instanceof MillraceError, `${what} must fail with a typed error, but failed with: ${messageOf(error)}`);
  assert.ok(errorCodes.includes(error.code), `'${error.code}' is no portable code`);
  assert.equal(error.code, code, `${what} must fail with ${code}, but failed with ${error.code}: ${error.message}`);
  return error;
}

/** The states of the instances, by index. */
export function statesOf({ instances }: DeploymentStatus): readonly DeploymentState[] {
  return instances.map(({ state }) => state);
}

/** The names of the instances, by index. */
export function guidsOf({ instances }: DeploymentStatus): readonly (string | undefined)[] {
  return instances.map(({ attributes }) => attributes['guid']);
}

/** The first item of an iteration, which is then ended. */
export async function firstOf<T>(items: AsyncIterable<T>, holds: (item: T) => boolean): Promise<T | undefined> {
  for await (const item of items) if (holds(item)) return item;
  return undefined;
}
