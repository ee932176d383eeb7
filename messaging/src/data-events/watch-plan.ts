import { selectorMatcher, type Predicate, type RegionCapabilities, type Selector, type WatchOptions } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { checkChoice, checkCount } from '../policies/option-checks.ts';
import { toWhere } from './region-entries.ts';
import type { WatchRequest } from './region-handle.ts';

/** How a watch is split between the binder and this layer. */
export interface WatchPlan {
  readonly selector: Selector;
  /** For the first attachment. */
  readonly options: WatchOptions;
  readonly conditional: boolean;
  /** The condition, if it is evaluated here. */
  readonly matches: Predicate | undefined;
  /** Leave out values because only keys were asked for. */
  readonly keysOnly: { readonly snapshot: boolean; readonly changes: boolean };
  /** Conflate events that wait for the handler. */
  readonly conflate: boolean;
}

/** What a watch is of. */
export interface WatchSubject {
  readonly binder: string;
  readonly region: string;
  readonly origin: string;
  /** Whether brokers can read the values: those that evaluate conditions read JSON. */
  readonly isJson: boolean;
}

/**
 * Plans a watch. What the store lacks is done here where it can be (conditions, modes, previous values); otherwise the call fails
 * with `UNSUPPORTED` before anything is opened. `INVALID_ARGUMENT` for requests that make no sense.
 */
export function planWatch<V>(request: WatchRequest<V>, can: RegionCapabilities, about: WatchSubject): WatchPlan {
  check(request);
  const need = (option: string, isAsked: boolean, isThere: boolean): void => {
    if (isAsked && !isThere) throw raise('OPTION_UNSUPPORTED', { binder: about.binder, option, destination: about.region });
  };
  need('name', request.name !== undefined, can.durableWatchers);
  need('resume', request.resume !== undefined, can.resume);
  const condition = request.where === undefined ? undefined : toWhere(request.where);
  const here = can.where === 'client' || !about.isJson ? condition?.matches : undefined;
  const keys = keySelector(request);
  const selector = condition === undefined || here !== undefined ? keys : { ...keys, where: condition.where };
  selectorMatcher(selector);
  return {
    selector,
    options: watchOptions(request, can, here !== undefined, about.origin),
    conditional: condition !== undefined,
    matches: here,
    keysOnly: { snapshot: request.snapshot === 'keys', changes: request.mode === 'invalidate' },
    conflate: request.mode === 'latest',
  };
}

function check<V>(request: WatchRequest<V>): void {
  const { key, keys, snapshot, mode, whenFull } = request;
  if (key !== undefined && keys !== undefined)
    throw raise('INVALID_OPTION', { option: 'key', value: key, rule: "absent when 'keys' is given" });
  if (request.competing === true && request.name === undefined)
    throw raise('INVALID_OPTION', { option: 'competing', value: true, rule: "accompanied by the 'name' that its members share" });
  checkCount('concurrency', request.concurrency);
  checkCount('maxBacklog', request.maxBacklog);
  checkChoice('snapshot', snapshot, ['none', 'keys', 'values']);
  checkChoice('mode', mode, ['every', 'latest', 'invalidate']);
  checkChoice('whenFull', whenFull, ['block', 'conflate', 'disconnect']);
}

function keySelector<V>({ key, keys, prefix, pattern }: WatchRequest<V>): Selector {
  return { keys: key === undefined ? keys : [key], prefix, pattern: pattern instanceof RegExp ? patternText(pattern) : pattern };
}

/** The text of an expression with its flags inside; those about where to search mean nothing for whole keys. */
function patternText({ source, flags }: RegExp): string {
  const inline = flags.replaceAll(/[dgy]/g, '');
  if (!/^[is]*$/.test(inline))
    throw raise('INVALID_OPTION', { option: 'pattern', value: `/${source}/${flags}`, rule: 'without the flags m, u and v' });
  return inline === '' ? source : `(?${inline}:${source})`;
}

function watchOptions<V>(request: WatchRequest<V>, can: RegionCapabilities, evaluatesHere: boolean, origin: string): WatchOptions {
  const { snapshot = 'values', mode = 'every', name, competing, maxBacklog, whenFull } = request;
  // To evaluate a condition here, values are needed even where only keys are told.
  const wanted = evaluatesHere && mode === 'invalidate' ? 'latest' : mode;
  return {
    snapshot: evaluatesHere && snapshot === 'keys' ? 'values' : snapshot,
    mode: can.modes.includes(wanted) ? wanted : 'every',
    resumeAfter: request.resume,
    name,
    competing,
    maxBacklog,
    whenFull,
    excludeOrigin: request.ownWrites === false ? origin : undefined,
  };
}
