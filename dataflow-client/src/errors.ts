import { errorTable, MillraceError } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';

/** Raises the errors that the client finds itself; what the server answers is a {@link ServerError}. */
export const raise = errorTable({
  SERVER_UNREACHABLE: {
    code: 'UNAVAILABLE',
    message: "no data-flow server answers at {uri}: {problem}; check the address and that it runs ('millrace start')",
    retryable: true,
  },
  SERVER_SILENT: {
    code: 'INDETERMINATE',
    message: 'the data-flow server at {uri} did not answer {method} {path} within {waitedMs} ms; look whether it was carried out',
  },
  NOT_DATA_FLOW: {
    code: 'FAILED_PRECONDITION',
    message: 'what answers at {uri} is no data-flow server: {problem}; check the address',
  },
  REVISION_UNKNOWN: {
    code: 'FAILED_PRECONDITION',
    message: 'the server at {uri} speaks revision {revision} of the API, this client revision {known}; use versions that fit',
  },
  ANSWER_UNREADABLE: {
    code: 'INTERNAL',
    message: 'the data-flow server at {uri} answered {method} {path} with {status} and something that is not JSON',
  },
});

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  413: 'RESOURCE_EXHAUSTED',
  422: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

/** One of the errors in an answer: what is wrong, and the name of its kind. */
export interface ServerProblem {
  readonly message: string;
  readonly logref: string;
}

/** What a server refused. The message is the server's own; `problems` are all that it named, `status` is HTTP's. */
export class ServerError extends MillraceError {
  readonly status: number;
  readonly problems: readonly ServerProblem[];

  constructor(status: number, problems: readonly ServerProblem[]) {
    const [first] = problems;
    super(problems.map(({ message }) => message).join('\n') || `the server answered ${status}`, {
      code: codes[status] ?? 'INTERNAL',
      reason: first?.logref ?? `HTTP_${status}`,
      retryable: status === 503 || status === 429,
      details: { status },
    });
    this.status = status;
    this.problems = problems;
  }
}
