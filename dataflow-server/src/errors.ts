import { errorTable } from '@millrace/core';

/** Raises the server's own errors; what the API refuses is in `@millrace/dataflow-api`. */
export const raise = errorTable({
  STORE_NEWER: {
    code: 'FAILED_PRECONDITION',
    message:
      "the store '{path}' has version {found}, this server knows up to {known}; use the version that wrote it, or a newer one",
  },
  PORT_TAKEN: {
    code: 'FAILED_PRECONDITION',
    message: 'port {port} of {host} is in use; end what uses it, or choose another with --port',
  },
  NOT_LOOPBACK: {
    code: 'FAILED_PRECONDITION',
    message:
      'the server would listen on {host} without knowing who asks; without authentication it listens on loopback alone (127.0.0.1)',
  },
});
