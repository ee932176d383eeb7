import { headerNames, type Headers } from '../binder/index.ts';

const prefixes = ['x-exception-', 'x-original-', 'mr_original_', 'mr_redrive_', 'mr_edited_'];

/** Headers that tell of an earlier failure or re-drive; they are replaced, never doubled. */
export function isFailureHeader(name: string): boolean {
  return name === headerNames.attempts || name === headerNames.errorCode || prefixes.some((prefix) => name.startsWith(prefix));
}

/** The headers of a message without those that tell of failure, for its next life. */
export function withoutFailure(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isFailureHeader(name)));
}

/** Only the headers that tell of failure. */
export function onlyFailure(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isFailureHeader(name)));
}
