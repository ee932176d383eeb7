import { errorTable } from '@millrace/core';

/** The command's and the SDK entry point's own errors. */
export const raise = errorTable({
  CONFIG_MISSING: { code: 'NOT_FOUND', message: "configuration file '{file}' does not exist; create it or leave the option out" },
  CONFIG_BROKEN: { code: 'INVALID_ARGUMENT', message: "configuration file '{file}' cannot be used: {problem}" },
  MODULE_BROKEN: { code: 'INVALID_ARGUMENT', message: "the module of '{label}' cannot be used: {problem} ({path})" },
  UNKNOWN_BINDER: {
    code: 'INVALID_ARGUMENT',
    message:
      "there is no binder '{name}'; known are {known}; name its type under 'binders' in millrace.config.* or choose one of these{hint}",
  },
  BAD_APP_TYPE: { code: 'INVALID_ARGUMENT', message: "there is no type of app '{type}'; there are {known}{hint}" },
  UNKNOWN_APP: { code: 'NOT_FOUND', message: "there is no app '{name}'{hint}; 'millrace apps list' shows them" },
  UNKNOWN_DESTINATION: {
    code: 'NOT_FOUND',
    message: "there is no {kind} '{name}'{hint}; 'millrace destinations list' shows what exists",
  },
  NO_REGIONS: {
    code: 'UNSUPPORTED',
    message: "binder '{binder}' has no regions; choose one that has with --binder, for instance 'embedded'",
  },
  UNKNOWN_ENTRY: {
    code: 'NOT_FOUND',
    message: "region '{region}' has no entry '{key}'; 'millrace regions get {region}' shows what it holds",
  },
  BAD_POSITION: {
    code: 'INVALID_ARGUMENT',
    message:
      "'{text}' is no position; use 'earliest', 'latest', an offset such as 120, or a time such as 2026-11-23T08:00:00Z or '-15m'",
  },
  NO_SUCH_PARTITION: {
    code: 'NOT_FOUND',
    message: "'{destination}' has no partition {partition}; its partitions are 0 to {last}",
  },
  BAD_NUMBER: { code: 'INVALID_ARGUMENT', message: "{option} must be a whole number from {min}, not '{text}'" },
  BAD_HEADER: { code: 'INVALID_ARGUMENT', message: "header '{text}' must have the form name=value" },
  ENVIRONMENT_BROKEN: {
    code: 'INVALID_ARGUMENT',
    message: 'the environment variable {name} is no JSON object: {problem}; correct it or leave it out',
  },
  BAD_JSON: {
    code: 'INVALID_ARGUMENT',
    message: '{what} is no JSON: {problem}; {next}',
  },
  NOTHING_SELECTED: {
    code: 'INVALID_ARGUMENT',
    message: "say which messages: give ids, '--destination', '--group' or '--cause', or '--all' for every one",
  },
  NOTHING_TO_RUN: {
    code: 'INVALID_ARGUMENT',
    message: "there is nothing to run; give a definition such as 'time | log', or '--file'",
  },
  DEFINITIONS_UNREADABLE: { code: 'NOT_FOUND', message: "definitions cannot be read from '{file}': {problem}" },
  BAD_PROPERTY: { code: 'INVALID_ARGUMENT', message: "property '{text}' must have the form name=value" },
  BAD_TARGET: {
    code: 'INVALID_ARGUMENT',
    message: "'{option} {text}' must have the form {form}, with one of the servers of this command: {servers}",
  },
  NO_SUCH_NODE: { code: 'NOT_FOUND', message: "{server} has no node '{node}'; it has {known}" },
  UNKNOWN_SHELL: { code: 'INVALID_ARGUMENT', message: "there is no completion for '{shell}'; choose bash, zsh or fish" },
  UNSUPPORTED_FACET: {
    code: 'UNSUPPORTED',
    message: "binder '{binder}' has no {facet}; choose another binder for '{destination}'",
  },
});
