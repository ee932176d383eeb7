/** When a failed message is tried again. Attempts count the first try, as Spring does. */
export interface RetryOptions {
  /** Tries in all (default 3 immediate, see below); 1 disables retry. */
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
  /** Decides by error: try again, or park now. Default: everything but `INVALID_ARGUMENT`, `UNSUPPORTED` and rejections is tried again. */
  readonly classify?: ((error: unknown) => 'retry' | 'reject') | undefined;
}
