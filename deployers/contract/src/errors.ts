import { errorTable } from '@millrace/core';

/** Raises the errors that all deployers share. */
export const deployerError = errorTable({
  DEPLOYMENT_UNKNOWN: { code: 'NOT_FOUND', message: "{platform} runs no deployment '{id}'; deploy it first" },
  DEPLOYMENT_DIFFERS: {
    code: 'ALREADY_EXISTS',
    message: "'{id}' is deployed from another request; undeploy it first, or deploy under another name",
  },
  INSTANCE_UNKNOWN: { code: 'NOT_FOUND', message: "'{id}' has no instance '{instance}'; it has {known}" },
  NAME_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "{what} '{name}' must begin with a letter or digit and hold only letters, digits, '.', '-' and '_', {longest} at most",
  },
  COUNT_INVALID: { code: 'INVALID_ARGUMENT', message: "'{id}' cannot have {count} instances; it takes a whole number from 0" },
  PROPERTY_UNKNOWN: { code: 'INVALID_ARGUMENT', message: "the {platform} platform has no deployment property '{property}'{hint}" },
  SIZE_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: "'{property}' must be a number of mebibytes, or one with 'm' or 'g' such as 512m or 2g, but is '{text}'",
  },
  RESOURCE_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "the {platform} platform runs no '{kind}' resources, which '{app}' is; it runs {supported}",
  },
  RESOURCE_MISSING: { code: 'NOT_FOUND', message: "what '{app}' is run from does not exist: {path}" },
  FUSE_UNSUPPORTED: {
    code: 'UNSUPPORTED',
    message: "'{apps}' cannot share a process: {problem}; deploy them separately",
  },
  TEXT_INVALID: { code: 'INVALID_ARGUMENT', message: "{what} of '{app}' holds a NUL character, which no process can be given" },
  SECRET_UNAVAILABLE: {
    code: 'FAILED_PRECONDITION',
    message: "'{id}' needs the secret '{secret}', which cannot be had: {problem}",
  },
  HOST_INVALID: {
    code: 'INVALID_ARGUMENT',
    message: 'the environment variable {variable} does not say which apps to run: {problem}; it is written by deployers',
  },
  CLOSED: { code: 'FAILED_PRECONDITION', message: 'the deployer of {platform} is not open' },
});
