/** Takes what the runtime has to tell an operator. `facts` are for programs; payloads and header values are never among them. */
export type Log = (level: 'info' | 'warn' | 'error', message: string, facts?: Readonly<Record<string, unknown>>) => void;

/** Writes one line per event to standard error. */
export const logToStderr: Log = (level, message, facts) => {
  const tail = facts === undefined ? '' : ` ${JSON.stringify(facts)}`;
  process.stderr.write(`${new Date().toISOString()} millrace ${level} ${message}${tail}\n`);
};
