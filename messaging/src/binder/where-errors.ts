import { errorTable } from '@millrace/core';

/** Why a condition or a key pattern was refused when it was defined. */
export const whereError = errorTable({
  WHERE_SHAPE: {
    code: 'INVALID_ARGUMENT',
    message: 'The condition at {at} is {found}, but must be {expected}',
  },
  WHERE_OPERATOR: {
    code: 'INVALID_ARGUMENT',
    message: "The condition at {at} uses the unknown operator '{operator}'; there are {known}{hint}",
  },
  WHERE_OPERAND: {
    code: 'INVALID_ARGUMENT',
    message: "The operator '{operator}' at {at} compares with {found}, but takes {expected}",
  },
  WHERE_PATH: {
    code: 'INVALID_ARGUMENT',
    message: "The condition names the field '{path}', which has an empty part; write names separated by single dots",
  },
  WHERE_TOO_DEEP: {
    code: 'INVALID_ARGUMENT',
    message: 'The condition is nested more than {limit} levels deep; flatten it',
  },
  PATTERN_SYNTAX: {
    code: 'INVALID_ARGUMENT',
    message: "The key pattern '{pattern}' is not a regular expression: {problem}",
  },
  PATTERN_UNSUPPORTED: {
    code: 'INVALID_ARGUMENT',
    message:
      "The key pattern '{pattern}' uses {feature} at position {position}, which cannot be matched in bounded time; rewrite it without",
  },
  PATTERN_TOO_LARGE: {
    code: 'RESOURCE_EXHAUSTED',
    message: "The key pattern '{pattern}' has more than {limit} {unit}; shorten it or its counted repetitions",
  },
});
