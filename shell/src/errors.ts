import { errorTable } from '@millrace/core';

/** Raises the shell's own errors; what the server refuses passes as it is. */
export const raise = errorTable({
  COMMAND_UNKNOWN: {
    code: 'INVALID_ARGUMENT',
    message: "Command '{line}' not found{hint} ('help' lists the commands)",
  },
  OPTION_UNKNOWN: { code: 'INVALID_ARGUMENT', message: "'{command}' has no option --{option}{hint}; it has {known}" },
  OPTION_TWICE: { code: 'INVALID_ARGUMENT', message: "'{command}' was given --{option} twice; give it once" },
  OPTION_MISSING: { code: 'INVALID_ARGUMENT', message: 'You should specify option ({options}) for this command' },
  OPTION_VALUE: { code: 'INVALID_ARGUMENT', message: "option --{option} of '{command}' {rule}, not '{value}'" },
  VALUE_UNEXPECTED: {
    code: 'INVALID_ARGUMENT',
    message: "'{command}' takes no '{value}' here; name the option that it is for, or put a value with spaces in quotes",
  },
  QUOTE_OPEN: { code: 'INVALID_ARGUMENT', message: 'the quote {quote} at position {position} is not closed' },
  OS_COMMAND: {
    code: 'UNSUPPORTED',
    message: "commands of the operating system are not run from here ('!'); use another terminal",
  },
  CONFIRMATION_NEEDED: { code: 'FAILED_PRECONDITION', message: "'{command}' wants to be confirmed; repeat it with --force" },
  FILE_UNREADABLE: { code: 'NOT_FOUND', message: "file '{file}' cannot be read: {problem}" },
  PROPERTIES_BOTH: { code: 'INVALID_ARGUMENT', message: 'You cannot specify both --properties and --propertiesFile' },
  PROPERTY_INVALID: { code: 'INVALID_ARGUMENT', message: "'{text}' is no deployment property; it must have the form name=value" },
  NOT_CONNECTED: {
    code: 'FAILED_PRECONDITION',
    message: "there is no server to ask; start one with 'millrace start', or name it with 'dataflow config server --uri …'",
  },
  TARGET_UNREACHABLE: { code: 'UNAVAILABLE', message: '{target} cannot be reached: {problem}', retryable: true },
  TARGET_REFUSED: { code: 'FAILED_PRECONDITION', message: '{answer}' },
  LOGIN_NEEDED: {
    code: 'UNAUTHENTICATED',
    message: 'the server at {uri} wants to know who you are; give --username and --password, or --token',
  },
  SCRIPT_STOPPED: { code: 'FAILED_PRECONDITION', message: "'{file}' stopped at line {line}: {problem}" },
});
