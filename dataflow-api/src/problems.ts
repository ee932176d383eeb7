import { errorTable, MillraceError } from '@millrace/core';

/**
 * Raises what the API refuses, in the words of Spring Cloud Data Flow 2.11, which its clients print and users' scripts compare. Where
 * the original answers a user's mistake with 500 the status is the right one; texts that were a programming error there are our own.
 */
export const problem = errorTable({
  // Requests
  PARAMETER_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: "Required request parameter '{name}' for method parameter type String is not present",
  },
  CHOICE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "The parameter '{name}' must contain one of the following values: '{choices}'.",
  },
  PARAMETER_INVALID: { code: 'INVALID_ARGUMENT', message: "The parameter '{name}' {rule}, but is '{value}'." },
  BODY_UNREADABLE: { code: 'INVALID_ARGUMENT', message: 'JSON parse error: {problem}' },
  SORT_UNKNOWN: { code: 'INVALID_ARGUMENT', message: "No property '{property}' found for type '{type}'" },
  BODY_TOO_LARGE: { code: 'INVALID_ARGUMENT', message: 'The body is larger than {limit} bytes' },
  METHOD_UNSUPPORTED: { code: 'UNSUPPORTED', message: "Request method '{method}' not supported" },
  NOT_ACCEPTABLE: { code: 'INVALID_ARGUMENT', message: 'Could not find acceptable representation' },
  // Applications
  APP_UNKNOWN: { code: 'NOT_FOUND', message: "The '{app}' application could not be found." },
  APP_REGISTERED: { code: 'ALREADY_EXISTS', message: "The '{app}' application is already registered as {uri}" },
  APP_NAME_INVALID: { code: 'INVALID_ARGUMENT', message: "Application name: '{name}' cannot contain: ':'" },
  APP_IN_USE: {
    code: 'FAILED_PRECONDITION',
    message: "The app [{app}] you're trying to unregister is currently used in stream '{stream}'.",
  },
  URI_EMPTY: { code: 'INVALID_ARGUMENT', message: 'Resource URI must not be empty' },
  MAVEN_INVALID: {
    code: 'INVALID_ARGUMENT',
    message:
      'Bad artifact coordinates {coordinates}, expected format is <groupId>:<artifactId>[:<extension>[:<classifier>]]:<version>',
  },
  URI_UNSUPPORTED: {
    code: 'INVALID_ARGUMENT',
    message: "The URI '{uri}' cannot be an application; use builtin:, npm:, file:, maven:, docker:, http: or https:",
  },
  VERSION_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: "The URI '{uri}' tells no version; give it one such as -1.0.0 before its extension, or name it in the request",
  },
  VERSION_DIFFERS: { code: 'INVALID_ARGUMENT', message: "The version '{version}' of the request is not that of the URI '{uri}'" },
  BOOT_VERSION_INVALID: { code: 'INVALID_ARGUMENT', message: 'Invalid AppBootSchemaVersion: {version}' },
  IMPORT_KEY_INVALID: {
    code: 'INVALID_ARGUMENT',
    message:
      "Invalid format for app key '{key}'in file. Must be <type>.<name> or <type>.<name>.metadata or <type>.<name>.bootVersion",
  },
  IMPORT_TYPE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'No enum constant org.springframework.cloud.dataflow.core.ApplicationType.{type}',
  },
  IMPORT_UNREADABLE: { code: 'FAILED_PRECONDITION', message: 'Error reading from URL [{uri}]' },
  // Streams
  STREAM_UNKNOWN: { code: 'NOT_FOUND', message: 'Could not find stream definition named {name}' },
  STREAM_EXISTS: {
    code: 'ALREADY_EXISTS',
    message: 'Cannot create stream {name} because another one has already been created with the same name',
  },
  STREAM_INVALID: { code: 'INVALID_ARGUMENT', message: '{problem}' },
  DSL_MISSING: { code: 'INVALID_ARGUMENT', message: 'dslText is required' },
  PLATFORM_MISSING: {
    code: 'FAILED_PRECONDITION',
    message: "Stream '{name}' cannot be deployed: this server has no platform",
  },
  // Audit
  AUDIT_UNKNOWN: { code: 'NOT_FOUND', message: 'Could not find audit record for id {id}' },
  DATE_INVALID: { code: 'INVALID_ARGUMENT', message: "Text '{text}' could not be parsed at index 0" },
  DATES_REVERSED: { code: 'INVALID_ARGUMENT', message: 'The fromDate cannot be after the toDate.' },
  // Completion and tools
  DETAIL_LEVEL_INVALID: { code: 'INVALID_ARGUMENT', message: 'The provided detail level must be greater than zero.' },
  TASK_TEXT_MISSING: { code: 'INVALID_ARGUMENT', message: 'taskDefinition must be a non-null string' },
  GRAPH_INVALID: { code: 'INVALID_ARGUMENT', message: '{problem}' },
  // Tasks
  TASK_UNKNOWN: { code: 'NOT_FOUND', message: 'Could not find task definition named {name}' },
  TASK_EXISTS: {
    code: 'ALREADY_EXISTS',
    message: 'Cannot register task {name} because another one has already been registered with the same name',
  },
  TASK_INVALID: { code: 'INVALID_ARGUMENT', message: '{problem}' },
  TASK_FILTERS: {
    code: 'INVALID_ARGUMENT',
    message: 'The following params cannot be used together in the API request: taskName (or search), description, dslText',
  },
  LAUNCH_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "Task '{name}' cannot be launched: this server keeps definitions of tasks, but does not run them yet",
  },
  EXECUTION_UNKNOWN: { code: 'NOT_FOUND', message: 'Could not find TaskExecution with id {id} for schema target {target}' },
  SORT_COLUMN_UNKNOWN: { code: 'INVALID_ARGUMENT', message: 'Sorting column {column} not allowed' },
  // Jobs
  JOB_UNKNOWN: { code: 'NOT_FOUND', message: 'No Job with that name either current or historic: [{name}]' },
  JOB_EXECUTION_UNKNOWN: { code: 'NOT_FOUND', message: 'Job id {id} for schema target {target} not found' },
  JOB_STEPS_UNKNOWN: { code: 'NOT_FOUND', message: 'No JobExecution with id={id}' },
  JOB_INSTANCE_UNKNOWN: { code: 'NOT_FOUND', message: "No job instance for id '{id}' and schema target '{target}'" },
  JOB_ACTION_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: 'Parameter conditions "stop=true" OR "restart=true" not met for actual request parameters: {given}',
  },
  JOB_DATE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "The parameter '{name}' must be a date of the form 2026-11-23T08:15:00,000, but is '{value}'",
  },
  SCHEMA_TARGET_UNKNOWN: { code: 'NOT_FOUND', message: 'SchemaVersionTarget: {name} not found' },
});

/** A reason of {@link problem}. */
export type ProblemReason = keyof typeof problem.table;

/** What clients see of each reason beside its text: the status, and the exception that the original raises. */
const shown: Readonly<Record<ProblemReason, readonly [status: number, logref: string]>> = {
  PARAMETER_MISSING: [400, 'MissingServletRequestParameterException'],
  CHOICE_INVALID: [400, 'MethodArgumentTypeMismatchException'],
  PARAMETER_INVALID: [400, 'MethodArgumentTypeMismatchException'],
  BODY_UNREADABLE: [400, 'HttpMessageNotReadableException'],
  SORT_UNKNOWN: [400, 'PropertyReferenceException'],
  BODY_TOO_LARGE: [413, 'MaxUploadSizeExceededException'],
  METHOD_UNSUPPORTED: [405, 'HttpRequestMethodNotSupportedException'],
  NOT_ACCEPTABLE: [406, 'HttpMediaTypeNotAcceptableException'],
  APP_UNKNOWN: [404, 'NoSuchAppRegistrationException'],
  APP_REGISTERED: [409, 'AppAlreadyRegisteredException'],
  APP_NAME_INVALID: [400, 'InvalidApplicationNameException'],
  APP_IN_USE: [409, 'UnregisterAppException'],
  URI_EMPTY: [400, 'IllegalArgumentException'],
  MAVEN_INVALID: [400, 'IllegalArgumentException'],
  URI_UNSUPPORTED: [400, 'IllegalArgumentException'],
  VERSION_MISSING: [400, 'IllegalArgumentException'],
  VERSION_DIFFERS: [400, 'IllegalArgumentException'],
  BOOT_VERSION_INVALID: [400, 'IllegalArgumentException'],
  IMPORT_KEY_INVALID: [400, 'IllegalArgumentException'],
  IMPORT_TYPE_INVALID: [400, 'IllegalArgumentException'],
  IMPORT_UNREADABLE: [400, 'RuntimeException'],
  STREAM_UNKNOWN: [404, 'NoSuchStreamDefinitionException'],
  STREAM_EXISTS: [409, 'DuplicateStreamDefinitionException'],
  STREAM_INVALID: [400, 'InvalidStreamDefinitionException'],
  DSL_MISSING: [400, 'IllegalArgumentException'],
  PLATFORM_MISSING: [409, 'IllegalStateException'],
  AUDIT_UNKNOWN: [404, 'NoSuchAuditRecordException'],
  DATE_INVALID: [400, 'DateTimeParseException'],
  DATES_REVERSED: [400, 'InvalidDateRangeException'],
  DETAIL_LEVEL_INVALID: [400, 'ConstraintViolationException'],
  TASK_TEXT_MISSING: [400, 'IllegalArgumentException'],
  GRAPH_INVALID: [400, 'IllegalStateException'],
  TASK_UNKNOWN: [404, 'NoSuchTaskDefinitionException'],
  TASK_EXISTS: [409, 'DuplicateTaskException'],
  TASK_INVALID: [400, 'ParseException'],
  TASK_FILTERS: [400, 'TaskQueryParamException'],
  LAUNCH_UNSUPPORTED: [501, 'UnsupportedOperationException'],
  EXECUTION_UNKNOWN: [404, 'NoSuchTaskExecutionException'],
  SORT_COLUMN_UNKNOWN: [400, 'IllegalArgumentException'],
  JOB_UNKNOWN: [404, 'NoSuchJobException'],
  JOB_EXECUTION_UNKNOWN: [404, 'NoSuchJobExecutionException'],
  JOB_STEPS_UNKNOWN: [404, 'NoSuchJobExecutionException'],
  JOB_INSTANCE_UNKNOWN: [404, 'NoSuchJobInstanceException'],
  JOB_ACTION_MISSING: [400, 'UnsatisfiedServletRequestParameterException'],
  JOB_DATE_INVALID: [400, 'MethodArgumentTypeMismatchException'],
  SCHEMA_TARGET_UNKNOWN: [404, 'NoSuchSchemaTargetException'],
};

/** An error as an answer: the status, and the envelope that clients expect for every refusal. */
export function problemAnswer(error: unknown): { readonly status: number; readonly body: object } {
  const known = error instanceof MillraceError ? shown[error.reason as ProblemReason] : undefined;
  const [status, logref] = known ?? [500, 'IllegalStateException'];
  // What is not a refusal is a fault of ours: its text is for the log, not for clients.
  const message = known === undefined ? 'The server failed to do this; its log says why' : (error as Error).message;
  return { status, body: { _embedded: { errors: [{ message, logref, _links: { self: { href: '/' } } }] } } };
}
