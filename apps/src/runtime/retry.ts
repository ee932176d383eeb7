import { ExpressionError } from '@millrace/expressions';
import type { RetryOptions } from '@millrace/messaging';
import { retryPolicy } from '@millrace/messaging/policies';
import type { InputSettings } from './bindings.ts';

const { classify } = retryPolicy();

/** When an app's failures are tried again, as its settings say. An expression that failed fails again, so it is not. */
export function retryOf(input: InputSettings): RetryOptions {
  const { maxAttempts, backOffInitialInterval, backOffMultiplier, backOffMaxInterval } = input;
  return {
    maxAttempts,
    backOffInitialInterval,
    backOffMultiplier,
    backOffMaxInterval,
    classify: (error) => (error instanceof ExpressionError ? 'reject' : classify(error)),
  };
}
