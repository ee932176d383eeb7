/** How much a log entry matters, in the names that the stock apps' options use. */
export const logLevels = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const;
/** How important a line is, most important first. */
export type LogLevel = (typeof logLevels)[number];

/** Where apps log to. */
export interface Logger {
  log(level: LogLevel, text: string): void;
  /** A logger whose entries carry this name. */
  named(name: string): Logger;
}

/** A logger that writes one line per entry: time, level, name, text. Entries below `lowest` are left out. */
export function lineLogger(
  write: (line: string) => void,
  now: () => number = Date.now,
  lowest: LogLevel = 'INFO',
  name = '',
): Logger {
  const limit = logLevels.indexOf(lowest);
  return {
    log(level, text) {
      if (logLevels.indexOf(level) > limit) return;
      write(`${new Date(now()).toISOString()} ${level.padEnd(5)} ${name === '' ? '' : `[${name}] `}${text}\n`);
    },
    named: (other) => lineLogger(write, now, lowest, other),
  };
}

const written = new RegExp(String.raw`^\d{4}-\d\d-\d\dT\S+Z (${logLevels.join('|')}) +(?:\[[^\]]*\] )?(.*)$`);

/** Logs a line that another process wrote: with its level where it came from a {@link lineLogger}, else as information. */
export function relay(line: string, logger: Logger): void {
  const [, level = 'INFO', text = line] = written.exec(line) ?? [];
  logger.log(level as LogLevel, text);
}
