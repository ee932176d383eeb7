import { isIdentifier } from '../lexing/characters.ts';
import { quoteValue } from '../lexing/values.ts';
import { redactProperties } from '../redaction.ts';
import { bindingKeys, unnamedStream, type StreamApp, type StreamAppType } from './definition.ts';

/** How a definition is written. */
export interface StreamTextOptions {
  /** Whether secrets are written as `******` (default: no). */
  readonly redact?: boolean;
}

/** An app to be written into a definition. */
export interface StreamAppOutline {
  readonly name: string;
  /** Default: the name. */
  readonly label?: string;
  /** Only `app` matters: the apps of the stream are then a list without bindings. */
  readonly type?: StreamAppType;
  readonly options?: Readonly<Record<string, string>>;
  /** Only content types are written; the rest follows from the definition. */
  readonly bindings?: Readonly<Record<string, string>>;
}

/** What is needed to write a definition; every `StreamDefinition` is one. */
export interface StreamOutline {
  readonly name?: string;
  readonly apps: readonly StreamAppOutline[];
  readonly source?: string;
  readonly group?: string;
  readonly sink?: string;
}

/**
 * The outline of a stream that is only known as a list of apps with their bindings, as a server stores it: the destinations and
 * the group at its ends are those of the first and the last app. A tap is a stream whose source is `<stream>.<label>`.
 */
export function outlineOfApps(name: string, apps: readonly StreamApp[]): StreamOutline {
  const source = apps[0]?.bindings[bindingKeys.inputDestination];
  const group = apps[0]?.bindings[bindingKeys.inputGroup];
  const sink = apps.at(-1)?.bindings[bindingKeys.outputDestination];
  return {
    name,
    apps,
    ...(source === undefined ? {} : { source }),
    ...(source === undefined || group === undefined || group === name ? {} : { group }),
    ...(sink === undefined ? {} : { sink }),
  };
}

/**
 * The canonical text of a stream: `:source > label: app --group=g --name=value | … > :sink`. Parsing it under the same name
 * gives an equal definition (unless redacted). Throws `valueNotWritable` for a value with a NUL character.
 */
export function streamToText(definition: StreamOutline, options: StreamTextOptions = {}): string {
  const { apps, source, sink } = definition;
  const [first] = apps;
  const ends = source !== undefined && sink !== undefined;
  const texts = apps.map((app, index) => appText(app, index === 0 ? appGroup(definition) : undefined, options));
  if (ends && texts.length === 1 && texts[0] === 'bridge') return `:${source} > :${sink}`;
  const start = source === undefined ? oddNamePrefix(definition) : `:${source}${destinationGroup(definition)} > `;
  const end = sink === undefined ? '' : ` > :${sink}`;
  return start + texts.join(first!.type === 'app' ? ' || ' : ' | ') + end;
}

// The group is habitually written on the app. Where the app has an option of that name it must stay at the destination.
function appGroup({ apps, group }: StreamOutline): string | undefined {
  return Object.hasOwn(apps[0]!.options ?? {}, 'group') ? undefined : group;
}

function destinationGroup({ apps, group }: StreamOutline): string {
  if (group === undefined || !Object.hasOwn(apps[0]!.options ?? {}, 'group')) return '';
  return ` --group=${quoteValue('group', group)}`;
}

// Behind `name=` the first app may have any name; only there can it be written.
function oddNamePrefix({ name = unnamedStream, apps }: StreamOutline): string {
  if (isIdentifier(apps[0]!.name)) return '';
  return isIdentifier(name) ? `${name}=` : '_=';
}

function appText(app: StreamAppOutline, group: string | undefined, { redact }: StreamTextOptions): string {
  const label = app.label === undefined || app.label === app.name ? '' : `${app.label}: `;
  const groupText = group === undefined ? '' : optionText('group', group);
  const properties = { ...writtenBindings(app), ...app.options };
  const shown = Object.entries(redact ? redactProperties(properties) : properties);
  return label + app.name + groupText + shown.map(([name, value]) => optionText(name, value)).join('');
}

function writtenBindings({ bindings = {} }: StreamAppOutline): Record<string, string> {
  const { inputContentType, outputContentType } = bindingKeys;
  return Object.fromEntries(Object.entries(bindings).filter(([key]) => key === inputContentType || key === outputContentType));
}

function optionText(name: string, value: string): string {
  return ` --${name}=${quoteValue(name, value)}`;
}
