import { MillraceError } from '@millrace/core';
import { raise } from '../errors.ts';

/** When a failed message is tried again. Attempts count the first try, as Spring does. */
export interface RetryOptions {
  /** Tries in all before the delayed ones (default 3); 1 disables immediate retry. */
  readonly maxAttempts?: number | undefined;
  /** Pause before the second try, in milliseconds (default 1000). */
  readonly backOffInitialInterval?: number | undefined;
  /** Each pause is the one before times this (default 2). */
  readonly backOffMultiplier?: number | undefined;
  /** The longest pause, in milliseconds (default 10000). */
  readonly backOffMaxInterval?: number | undefined;
  /** Randomises each pause by up to this share, 0 to 1 (default 0.2). */
  readonly jitter?: number | undefined;
  /** Further tries later, after these pauses in milliseconds, holding back only the message's own key (events) or nothing (commands). */
  readonly delayed?: readonly number[] | undefined;
  /** Decides by error: try again, or park now. Default: everything is tried again but rejections, and
   * `INVALID_ARGUMENT`, `FAILED_PRECONDITION` and `UNSUPPORTED` that are not `retryable`. */
  readonly classify?: ((error: unknown) => 'retry' | 'reject') | undefined;
}

/** Retry options with every default filled in and checked. */
export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: NonNullable<RetryOptions[Name]> };

const standard: RetryPolicy = {
  maxAttempts: 3,
  backOffInitialInterval: 1000,
  backOffMultiplier: 2,
  backOffMaxInterval: 10_000,
  jitter: 0.2,
  delayed: [],
  classify: classifyError,
};

/** Fills in defaults, first those given. `INVALID_ARGUMENT` names the option that makes no sense. */
export function retryPolicy(options: RetryOptions = {}, defaults: RetryOptions = {}): RetryPolicy {
  const policy = { ...standard, ...defined(defaults), ...defined(options) } as RetryPolicy;
  check('maxAttempts', policy.maxAttempts, Number.isInteger(policy.maxAttempts) && policy.maxAttempts >= 1, 'an integer from 1');
  check('backOffInitialInterval', policy.backOffInitialInterval, policy.backOffInitialInterval >= 0, 'milliseconds from 0');
  check('backOffMultiplier', policy.backOffMultiplier, policy.backOffMultiplier >= 1, 'a number from 1');
  check('backOffMaxInterval', policy.backOffMaxInterval, policy.backOffMaxInterval >= 0, 'milliseconds from 0');
  check('jitter', policy.jitter, policy.jitter >= 0 && policy.jitter <= 1, 'between 0 and 1');
  for (const pause of policy.delayed) check('delayed', pause, pause >= 0, 'a list of milliseconds from 0');
  return policy;
}

/** The pause before the try after `attempt` (1 = the first try), or `undefined` when there is no further one. */
export function nextDelay(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number | undefined {
  if (attempt >= policy.maxAttempts) return policy.delayed[attempt - policy.maxAttempts];
  const exponential = policy.backOffInitialInterval * policy.backOffMultiplier ** (attempt - 1);
  return jittered(Math.min(exponential, policy.backOffMaxInterval), policy.jitter, random);
}

/** Moves a pause by up to `share` of it, down or up, so that what failed together does not come back together. */
export function jittered(ms: number, share: number, random: () => number = Math.random): number {
  return ms * (1 + share * (2 * random() - 1));
}

/** The pause before the next try after a failure, or `undefined` to park the message now. */
export function retryDelay(policy: RetryPolicy, attempt: number, error: unknown, random?: () => number): number | undefined {
  return policy.classify(error) === 'reject' ? undefined : nextDelay(policy, attempt, random);
}

/** The default classification: errors that another try cannot cure are rejected. */
export function classifyError(error: unknown): 'retry' | 'reject' {
  if (!(error instanceof MillraceError)) return 'retry';
  const hopeless = error.reason === 'REJECTED' || (hopelessCodes.has(error.code) && !error.retryable);
  return hopeless ? 'reject' : 'retry';
}

const hopelessCodes: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'UNSUPPORTED']);

function check(option: string, value: unknown, holds: boolean, rule: string): void {
  if (!holds) throw raise('INVALID_OPTION', { option: `retry.${option}`, value, rule });
}

function defined(options: RetryOptions): RetryOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
