import type { ArgumentNode } from '../lexing/arguments.ts';
import { isBlank } from '../lexing/characters.ts';
import { labelOf, type StreamAppNode, type StreamNode } from './ast.ts';

/** What an app is in its stream; `app` has no bindings. */
export type StreamAppType = 'source' | 'processor' | 'sink' | 'app';

/** The prefix of all binding properties. */
export const bindingsPrefix = 'spring.cloud.stream.bindings.';

/** The full names of the binding properties that a definition determines. */
export const bindingKeys = {
  inputDestination: `${bindingsPrefix}input.destination`,
  inputGroup: `${bindingsPrefix}input.group`,
  inputContentType: `${bindingsPrefix}input.contentType`,
  outputDestination: `${bindingsPrefix}output.destination`,
  outputRequiredGroups: `${bindingsPrefix}output.producer.requiredGroups`,
  outputContentType: `${bindingsPrefix}output.contentType`,
} as const;

/** The name of a stream that was given none. */
export const unnamedStream = 's';

/** What an empty option value is stored as; apps of the original depend on it. */
const emptyValue = '\\"\\"';

/** An app of a stream, with everything that the definition determines about it. */
export interface StreamApp {
  /** The name it is registered under. */
  readonly name: string;
  /** Unique in its stream; the name where no label was given. */
  readonly label: string;
  readonly type: StreamAppType;
  /** The app's own options, in the order of the text. */
  readonly options: Readonly<Record<string, string>>;
  /** Binding properties under their full names (see {@link bindingKeys}). */
  readonly bindings: Readonly<Record<string, string>>;
}

/** What a stream definition means. Destination names are without their colon. */
export interface StreamDefinition {
  readonly name: string;
  readonly apps: readonly StreamApp[];
  /** The named destination that the first app reads. */
  readonly source?: string;
  /** The consumer group at `source`, where one was given. */
  readonly group?: string;
  /** The named destination that the last app writes. */
  readonly sink?: string;
}

/**
 * The meaning of a parsed definition: the type and the binding properties of each app. Neighbours `a | b` of stream `s` meet at
 * destination `s.a`, read by group `s`. A `--group` on the destination at the start, else on the first app behind it, is that
 * app's consumer group: the second form is what stored definitions are printed as.
 */
export function defineStream(node: StreamNode): StreamDefinition {
  const name = node.name ?? unnamedStream;
  const group = groupOf(node);
  return {
    name,
    apps: node.apps.map((app, index) => defineApp(node, app, index, name, group)),
    ...(node.source === undefined ? {} : { source: node.source.name }),
    ...(group === undefined ? {} : { group }),
    ...(node.sink === undefined ? {} : { sink: node.sink.name }),
  };
}

function destinationGroup(node: StreamNode): string | undefined {
  return node.source?.args.findLast((arg) => arg.name.toLowerCase() === 'group')?.value;
}

function groupOf(node: StreamNode): string | undefined {
  if (node.source === undefined) return undefined;
  return destinationGroup(node) ?? node.apps[0]!.args.findLast(isPrintedGroup)?.value;
}

const isPrintedGroup = (arg: ArgumentNode): boolean => arg.name === 'group';

function defineApp(node: StreamNode, app: StreamAppNode, index: number, name: string, group: string | undefined): StreamApp {
  const takesGroup = index === 0 && group !== undefined && destinationGroup(node) === undefined;
  const args = takesGroup ? app.args.filter((arg) => !isPrintedGroup(arg)) : app.args;
  const bindings = { ...contentTypes(args), ...bindingsOf(node, index, name, group) };
  return { name: app.name, label: labelOf(app), type: typeOf(node, index), options: optionsOf(args, bindings), bindings };
}

function typeOf(node: StreamNode, index: number): StreamAppType {
  if (node.unbound) return 'app';
  const reads = index > 0 || node.source !== undefined;
  const writes = index < node.apps.length - 1 || node.sink !== undefined;
  if (!reads) return 'source';
  return writes ? 'processor' : 'sink';
}

function bindingsOf(node: StreamNode, index: number, name: string, group: string | undefined): Record<string, string> {
  const bindings: Record<string, string> = {};
  if (node.unbound) return bindings;
  if (index > 0) {
    bindings[bindingKeys.inputDestination] = `${name}.${labelOf(node.apps[index - 1]!)}`;
    bindings[bindingKeys.inputGroup] = name;
  } else if (node.source !== undefined) {
    bindings[bindingKeys.inputDestination] = node.source.name;
    bindings[bindingKeys.inputGroup] = group ?? name;
  }
  if (index < node.apps.length - 1) {
    bindings[bindingKeys.outputDestination] = `${name}.${labelOf(node.apps[index]!)}`;
    bindings[bindingKeys.outputRequiredGroups] = name;
  } else if (node.sink !== undefined) {
    bindings[bindingKeys.outputDestination] = node.sink.name;
  }
  return bindings;
}

// `inputType` and `outputType` are short forms of binding properties, which may also be written in full.
function contentTypeKey(argument: string): string | undefined {
  if (argument.toLowerCase() === 'inputtype' || argument === bindingKeys.inputContentType) return bindingKeys.inputContentType;
  if (argument.toLowerCase() === 'outputtype' || argument === bindingKeys.outputContentType) return bindingKeys.outputContentType;
  return undefined;
}

function contentTypes(args: readonly ArgumentNode[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, value } of args) {
    const key = contentTypeKey(name);
    if (key !== undefined) found[key] = value;
  }
  return found;
}

// An option that names a property which the stream determines is overridden by it.
function optionsOf(args: readonly ArgumentNode[], bindings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = args.filter(({ name }) => contentTypeKey(name) === undefined && !Object.hasOwn(bindings, name));
  return Object.fromEntries(own.map(({ name, value }) => [name, isBlank(value) ? emptyValue : value]));
}
