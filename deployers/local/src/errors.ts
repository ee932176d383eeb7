import { errorTable } from '@millrace/core';

/** Raises the errors of this package. */
export const raise = errorTable({
  PLATFORM_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: 'the local deployer starts processes on Linux and macOS, not on {system}; on Windows use it inside WSL',
  },
  DIRECTORY_BUSY: {
    code: 'FAILED_PRECONDITION',
    message: "another server deploys from '{directory}'; end it, or give this one a directory of its own",
  },
  RECORD_BROKEN: {
    code: 'DATA_LOSS',
    message: "'{file}' cannot be read: {problem}; end its processes by hand and remove the file",
  },
  FIXED_PROPERTY: {
    code: 'PERMISSION_DENIED',
    message: "'{property}' is set for the platform as a whole and cannot be set by a deployment; change the platform's settings",
  },
  NOT_EXECUTABLE: { code: 'INVALID_ARGUMENT', message: "'{app}' cannot be run: {path} is no file that this user may execute" },
  JAR_BROKEN: { code: 'INVALID_ARGUMENT', message: "'{app}' cannot be run: {path} {problem}" },
  JAVA_MISSING: {
    code: 'FAILED_PRECONDITION',
    message:
      "'{app}' needs Java, and {tried}; install a Java runtime, or set spring.cloud.deployer.local.java-home-path.{version} to the home of one",
  },
  PORT_TAKEN: {
    code: 'ALREADY_EXISTS',
    message: "port {port}, which '{id}' is to listen on, is used by another program; end that one, or choose another server.port",
    retryable: true,
  },
  NO_FREE_PORT: {
    code: 'RESOURCE_EXHAUSTED',
    message: "no free port was found between {from} and {to} for '{id}'; undeploy what is not needed, or widen port-range",
    retryable: true,
  },
  PORT_RANGE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'the port range from {from} to {to} holds no port; set its high end above its low end',
  },
  PATTERN_INVALID: { code: 'INVALID_ARGUMENT', message: "'{pattern}' of '{option}' is no regular expression: {problem}" },
  OPTIONS_UNBALANCED: { code: 'INVALID_ARGUMENT', message: "'{option}' has a quote without its partner: {text}" },
  SURVIVES: {
    code: 'INTERNAL',
    message: "process {pid} of '{id}' does not end, not even by SIGKILL; the system holds it, look at its state with 'ps'",
    retryable: true,
  },
  STORAGE_FAILED: {
    code: 'UNAVAILABLE',
    message: "what is to be kept of '{id}' cannot be written: {problem}; see to the disk, then try again",
    retryable: true,
  },
  LOG_INHERITED: {
    code: 'FAILED_PRECONDITION',
    message: "'{id}' writes to the server's own output (inherit-logging), so nothing of it is kept to be shown",
  },
});
