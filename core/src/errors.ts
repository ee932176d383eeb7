/**
 * The portable error codes: a closed list, stable within a major version. What a caller can *do* about a failure depends on the
 * code alone; the precise cause is the `reason`.
 */
export const errorCodes = [
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'UNSUPPORTED',
  'CONFLICT',
  'DATA_LOSS',
  'INDETERMINATE',
  'INTERNAL',
] as const;

/** One of the portable error codes. `INDETERMINATE` means the operation may or may not have happened. */
export type ErrorCode = (typeof errorCodes)[number];

const brand = Symbol.for('millrace.error');

/** What a {@link MillraceError} carries beside its message. */
export interface MillraceErrorOptions {
  readonly code: ErrorCode;
  /** The precise cause, from the table of the package that raised it; never reused for another meaning. */
  readonly reason: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Facts for programs: names, limits, positions. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of the platform. The message names the thing, the rule it broke and the next step.
 * `instanceof` holds across duplicate copies of this package.
 */
export class MillraceError extends Error {
  override readonly name: string = 'MillraceError';
  readonly code: ErrorCode;
  readonly reason: string;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(message: string, options: MillraceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.reason = options.reason;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    const branded = typeof value === 'object' && value !== null && brand in value;
    // Subclasses keep the ordinary rule: a brand says "some MillraceError", not which one.
    return this === MillraceError ? branded : branded && Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** A plain form for logs, wires and `--json` output; the inverse of {@link errorFromJSON}. */
  toJSON(): ErrorJSON {
    return { code: this.code, reason: this.reason, message: this.message, retryable: this.retryable, details: this.details };
  }
}

/** The plain form of a {@link MillraceError}. */
export interface ErrorJSON {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Rebuilds an error that crossed a process or thread boundary. */
export function errorFromJSON(json: ErrorJSON): MillraceError {
  return new MillraceError(json.message, json);
}

/** One row of a package's error table. The template's `{names}` are filled from the details. */
export interface ErrorRow {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable?: boolean;
}

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** The details that a row's template asks for, plus anything else worth telling a program. */
export type DetailsOf<Row extends ErrorRow> = { readonly [Name in Names<Row['message']>]: unknown } & Readonly<
  Record<string, unknown>
>;

/**
 * Turns a package's table of reasons into a function that makes errors from them, so that each reason has one code, one text and
 * one retry rule. The table stays readable as `raise.table`; the reference page of errors is generated from it.
 */
export function errorTable<const Table extends Record<string, ErrorRow>>(table: Table) {
  function raise<Reason extends keyof Table & string>(
    reason: Reason,
    details: DetailsOf<Table[Reason]>,
    cause?: unknown,
  ): MillraceError {
    const row = table[reason] as ErrorRow;
    const message = row.message.replace(/\{(\w+)\}/g, (_, name: string) => String((details as Record<string, unknown>)[name]));
    return new MillraceError(message, { code: row.code, reason, retryable: row.retryable ?? false, details, cause });
  }
  return Object.assign(raise, { table });
}

/** An error of a table whose code is only known when it happens. */
export function recode(error: MillraceError, code: ErrorCode): MillraceError {
  const retryable = code === 'UNAVAILABLE' || code === 'RESOURCE_EXHAUSTED';
  return new MillraceError(error.message, { code, reason: error.reason, retryable, details: error.details, cause: error.cause });
}

/** The message of anything that was thrown, for logs and for causes recorded with parked messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Raises the errors of this package. */
export const coreError = errorTable({
  OPTION_UNKNOWN: { code: 'INVALID_ARGUMENT', message: "{owner} has no option '{option}'{hint}" },
  OPTION_AMBIGUOUS: { code: 'INVALID_ARGUMENT', message: "Option '{option}' may mean {candidates}; write one of these in full." },
  OPTION_INVALID: { code: 'INVALID_ARGUMENT', message: "Option '{option}' {rule}, but is '{shown}'." },
  OPTION_REQUIRED: { code: 'INVALID_ARGUMENT', message: "Option '{option}' is required; give --{shortName}=… ({doc})" },
});
