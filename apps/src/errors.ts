import { errorTable, messageOf, MillraceError, recode } from '@millrace/core';

/** Raises the errors of this package. */
export const appError = errorTable({
  APP_INVALID: { code: 'INVALID_ARGUMENT', message: "App '{app}' {rule}." },
  APP_UNKNOWN: { code: 'NOT_FOUND', message: "There is no {kind} '{app}'{hint}" },
  APP_FAILED: { code: 'INTERNAL', message: "App '{app}'{of} stopped with an error: {problem}" },
  ARGUMENT_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "Argument '{argument}' is not understood; options are written --name=value.",
  },
  CONFIGURATION_INVALID: { code: 'INVALID_ARGUMENT', message: 'Configuration {source} cannot be read: {problem}' },
  PLACEHOLDER_CYCLE: {
    code: 'INVALID_ARGUMENT',
    message: "Placeholder '{placeholder}' refers to itself; remove one of the references.",
  },
  EXPRESSION_INVALID: { code: 'INVALID_ARGUMENT', message: "Option '{option}' of '{app}' is not a valid expression: {problem}" },
  OPTIONS_CONFLICT: {
    code: 'INVALID_ARGUMENT',
    message: "Options '{first}' and '{second}' of '{app}' exclude each other; give one of them.",
  },
  PIPELINE_INVALID: { code: 'INVALID_ARGUMENT', message: "Pipeline '{pipeline}' cannot run: {problem}" },
  PAYLOAD_INVALID: { code: 'INVALID_ARGUMENT', message: '{problem}' },
  STOPPED: {
    code: 'CANCELLED',
    message: "'{app}' was stopped before this message was done; it will come again where its source can replay.",
  },
  PORT_TAKEN: {
    code: 'ALREADY_EXISTS',
    message:
      'Port {port} of {host} is in use by another program; end that, or choose another with --server.port (0 picks a free one).',
  },
  LISTEN_FAILED: {
    code: 'FAILED_PRECONDITION',
    message: 'Nothing can listen on port {port} of {host}: {problem}; choose another --server.address or --server.port.',
  },
  DIRECTORY_MISSING: {
    code: 'NOT_FOUND',
    message: "There is no directory '{directory}' to read once; create it, or set --directory to where the files are.",
  },
  DIRECTORY_UNREADABLE: {
    code: 'FAILED_PRECONDITION',
    message: "The directory '{directory}' cannot be read: {problem}; check its path and rights.",
  },
  FILE_EXISTS: { code: 'ALREADY_EXISTS', message: "File '{file}' exists and the mode is FAIL; remove it or choose another mode." },
  CLOSE_TIMEOUT: {
    code: 'DEADLINE_EXCEEDED',
    message: "'{app}' could not finish what was under way and close within {deadlineMs} ms; what was not acknowledged comes again.",
  },
  SPAWN_MISSING: {
    code: 'INVALID_ARGUMENT',
    message: 'Running every app as a process needs the option spawnApp; give it, or run with fuse: true.',
  },
  COMPOSITION_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message:
      "'spring.cloud.function.definition={definition}' composes functions in one app, which is not supported; run the apps as one pipeline instead, which keeps them in one process: {pipeline}",
  },
  NOT_NEIGHBOURS: {
    code: 'INVALID_ARGUMENT',
    message:
      "'{app}' and '{next}' cannot share a process: '{app}' writes to '{output}', '{next}' reads '{input}'; give both the same destination or deploy them separately",
  },
  UNSUPPORTED_OPTION: { code: 'UNSUPPORTED', message: "Option '{option}' of '{app}' {rule}." },
});

/** `APP_FAILED` with the code of what made it fail. */
export function appFailed({ label, stream }: { readonly label: string; readonly stream: string }, cause: unknown): MillraceError {
  const of = stream === '' ? '' : ` of '${stream}'`;
  const error = appError('APP_FAILED', { app: label, of, problem: messageOf(cause) }, cause);
  return cause instanceof MillraceError ? recode(error, cause.code) : error;
}
