import { raise } from '../errors.ts';

/** The options and the handler of a call in which the options may be left out. `INVALID_ARGUMENT` without a handler. */
export function withOptions<Options extends object, Handler extends (...args: never[]) => unknown>(
  first: Options | Handler,
  second: Handler | undefined,
  destination: string,
): readonly [Options, Handler] {
  const [options, handler] = typeof first === 'function' ? [{} as Options, first] : [first, second];
  if (typeof handler !== 'function') throw raise('HANDLER_MISSING', { destination });
  return [options, handler];
}
