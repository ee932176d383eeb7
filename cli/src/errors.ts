import { errorTable } from '@millrace/core';

/** The command's and the SDK entry point's own errors. */
export const raise = errorTable({
  configMissing: { code: 'NOT_FOUND', message: "configuration file '{file}' does not exist; create it or leave the option out" },
  configBroken: { code: 'INVALID_ARGUMENT', message: "configuration file '{file}' cannot be used: {problem}" },
  unknownBinder: {
    code: 'INVALID_ARGUMENT',
    message:
      "there is no binder '{name}'; known are {known}; name its type under 'binders' in millrace.config.* or choose one of these{hint}",
  },
  unknownDestination: {
    code: 'NOT_FOUND',
    message: "there is no destination '{name}'{hint}; 'millrace destinations list' shows what exists",
  },
  badPosition: {
    code: 'INVALID_ARGUMENT',
    message:
      "'{text}' is no position; use 'earliest', 'latest', an offset such as 120, or a time such as 2026-11-23T08:00:00Z or '-15m'",
  },
  badNumber: { code: 'INVALID_ARGUMENT', message: "{option} must be a whole number from {min}, not '{text}'" },
  badHeader: { code: 'INVALID_ARGUMENT', message: "header '{text}' must have the form name=value" },
  badJson: {
    code: 'INVALID_ARGUMENT',
    message: "{what} is no JSON: {problem}; correct it or send it with '--content-type text/plain'",
  },
  nothingSelected: {
    code: 'INVALID_ARGUMENT',
    message: "say which messages: give ids, '--destination', '--group' or '--cause', or '--all' for every one",
  },
  nothingToRun: {
    code: 'INVALID_ARGUMENT',
    message: "there is nothing to run; give a definition such as 'time | log', or '--file'",
  },
  definitionsUnreadable: { code: 'NOT_FOUND', message: "definitions cannot be read from '{file}': {problem}" },
  badProperty: { code: 'INVALID_ARGUMENT', message: "property '{text}' must have the form name=value" },
  unknownShell: { code: 'INVALID_ARGUMENT', message: "there is no completion for '{shell}'; choose bash, zsh or fish" },
  unsupportedFacet: { code: 'UNSUPPORTED', message: "binder '{binder}' has no {facet}; choose another binder for '{destination}'" },
});
