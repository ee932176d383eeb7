import { errorTable } from '@millrace/core';

/** Raises the errors of this package. */
export const raise = errorTable({
  UNKNOWN_SERVER: { code: 'INVALID_ARGUMENT', message: "the sandbox has no server '{name}'; it has {known}{hint}" },
  UNKNOWN_VERSION: { code: 'INVALID_ARGUMENT', message: 'the sandbox has no {server} {version}; it has {known}' },
  BAD_NODES: { code: 'INVALID_ARGUMENT', message: '{server} runs with {allowed} nodes, not {nodes}' },
  BAD_MEMORY: { code: 'INVALID_ARGUMENT', message: "memory '{text}' must be a size such as 512m or 1g, and at least {least}" },
  BAD_PORT: { code: 'INVALID_ARGUMENT', message: "port '{text}' must be a whole number from 1 to 65535" },
  UNKNOWN_PORT: { code: 'INVALID_ARGUMENT', message: "{server} has no port '{port}'; it has {known}" },
  BAD_CONFIG_VALUE: { code: 'INVALID_ARGUMENT', message: "setting '{name}' of {server} must be one line of text" },
  PORT_TAKEN: {
    code: 'ALREADY_EXISTS',
    message: "port {port} of {server} is used by another program; end it, or choose another with '--port {target}=…'",
  },
  NO_FREE_PORT: {
    code: 'RESOURCE_EXHAUSTED',
    message: "no free port was found between {from} and {to} on 127.0.0.1; end what you do not need, or give ports with '--port'",
    retryable: true,
  },
  NO_JAVA: {
    code: 'FAILED_PRECONDITION',
    message: '{server} needs Java {least} or newer and none was found in JAVA_HOME, on PATH or in the usual places{seen}; {next}',
  },
  PROGRAM_MISSING: { code: 'FAILED_PRECONDITION', message: "{server} needs '{program}', which was not found in {places}; {next}" },
  SUITE_MOVED: {
    code: 'NOT_FOUND',
    message: "Debian {suite} has RabbitMQ {found} now, not {version}; ask for another version (it lies in '{prefix}')",
  },
  NO_OPENSSL: {
    code: 'FAILED_PRECONDITION',
    message: "certificates need 'openssl', which was not found on PATH; {next}, or leave '--secure' out",
  },
  PLATFORM_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: 'the sandbox starts servers on Linux and macOS, not on {platform}; on Windows use it inside WSL',
  },
  CONTAINER_LIMITS: {
    code: 'UNSUPPORTED',
    message: '{server} can only be had as a container here ({why}), and a container runs without {wanted}; {next}',
  },
  NO_ENGINE: {
    code: 'FAILED_PRECONDITION',
    message: "neither docker nor podman answers; start one of them, or choose '--engine native'",
  },
  DOWNLOAD_FAILED: {
    code: 'UNAVAILABLE',
    message:
      "'{url}' could not be downloaded: {problem}; check the network, or name another Maven repository in MILLRACE_MAVEN_REPOSITORY",
    retryable: true,
  },
  CHECKSUM_WRONG: {
    code: 'DATA_LOSS',
    message:
      "'{file}' from {source} has SHA-256 {found}, but {expected} is pinned; it was not used. Check what the repository serves",
  },
  MAVEN_FAILED: {
    code: 'UNAVAILABLE',
    message:
      'Maven could not fetch the jars of {what}: {problem}; correct its settings, or name a Maven repository to download from without it in MILLRACE_MAVEN_REPOSITORY',
    retryable: true,
  },
  COMMAND_FAILED: { code: 'INTERNAL', message: "'{command}' failed: {problem}" },
  DIRECTORY_UNREACHABLE: {
    code: 'PERMISSION_DENIED',
    message:
      "{server} refuses to run as root, and the user '{user}', which runs it instead, cannot reach '{directory}'; choose another place with '--dir'",
  },
  ENDED_EARLY: {
    code: 'UNAVAILABLE',
    message: "{node} ended while it was starting; the end of its log '{log}':\n{tail}",
  },
  NOT_READY: {
    code: 'DEADLINE_EXCEEDED',
    message:
      "{node} was not ready after {seconds} s; give it more with '--timeout', or look at the end of its log '{log}':\n{tail}",
  },
  CANCELLED: { code: 'CANCELLED', message: 'the start of {node} was cancelled' },
  SURVIVES: { code: 'INTERNAL', message: 'process {pid} of {node} is still there after it was killed; look at it with ps' },
  NODE_NOT_RUNNING: { code: 'FAILED_PRECONDITION', message: '{node} is not running; start it first' },
  NOT_SET_UP: {
    code: 'NOT_FOUND',
    message: "there is no {name} in the sandbox '{directory}'{hint}; 'millrace sandbox up {name}' starts one",
  },
  NO_TOOLS: {
    code: 'UNSUPPORTED',
    message: "the sandbox runs no tools such as '{tool}' for {server}; use its settings with one of your own",
  },
  DIFFERS: {
    code: 'CONFLICT',
    message:
      "{server} was set up with {setting} {was}, not {wanted}; its data cannot be carried over: run 'millrace sandbox down {server} --purge' first, or leave the option out",
  },
  RUNNING_DIFFERS: {
    code: 'CONFLICT',
    message: "{server} is running with {setting} {was}, not {wanted}; run 'millrace sandbox down {server}' first, then up again",
  },
  RECORD_BROKEN: {
    code: 'DATA_LOSS',
    message: "'{file}' cannot be read: {problem}; end its processes by hand and remove the directory",
  },
  SANDBOX_BUSY: {
    code: 'UNAVAILABLE',
    message: "another command is changing the sandbox '{directory}'; wait for its end, then try again",
    retryable: true,
  },
});
