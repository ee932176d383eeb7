const isEvery = process.env['MILLRACE_VERSIONS'] === 'every';

/** The servers of the sandbox that tests run on: the distribution's; with `MILLRACE_VERSIONS=every` the others beside it too. */
export const servers: readonly string[] = isEvery ? ['rabbitmq', 'rabbitmq:4.0', 'rabbitmq:4.3'] : ['rabbitmq'];

/** Servers for the kit on streams, which takes minutes more: only with `MILLRACE_VERSIONS=every`. */
export const streamServers: readonly string[] = isEvery ? servers : [];
