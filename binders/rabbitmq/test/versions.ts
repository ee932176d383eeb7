/** The servers of the sandbox that tests run on: the distribution's; with `MILLRACE_VERSIONS=every` the others beside it too. */
export const servers: readonly string[] =
  process.env['MILLRACE_VERSIONS'] === 'every' ? ['rabbitmq', 'rabbitmq:4.0', 'rabbitmq:4.3'] : ['rabbitmq'];
