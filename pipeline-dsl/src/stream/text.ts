import { isIdentifier } from '../lexing/characters.ts';
import { quoteValue } from '../lexing/values.ts';
import { redactProperties } from '../redaction.ts';
import { bindingKeys, type StreamApp, type StreamDefinition } from './definition.ts';

/** How a definition is written. */
export interface StreamTextOptions {
  /** Whether secrets are written as `******` (default: no). */
  readonly redact?: boolean;
}

/**
 * The canonical text of a stream: `:source > label: app --group=g --name=value | … > :sink`. Parsing it under the same name
 * gives an equal definition (unless redacted). Throws `valueNotWritable` for a value with a NUL character.
 */
export function streamToText(definition: StreamDefinition, options: StreamTextOptions = {}): string {
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
function appGroup({ apps, group }: StreamDefinition): string | undefined {
  return Object.hasOwn(apps[0]!.options, 'group') ? undefined : group;
}

function destinationGroup({ apps, group }: StreamDefinition): string {
  if (group === undefined || !Object.hasOwn(apps[0]!.options, 'group')) return '';
  return ` --group=${quoteValue('group', group)}`;
}

// Behind `name=` the first app may have any name; only there can it be written.
function oddNamePrefix({ name, apps }: StreamDefinition): string {
  if (isIdentifier(apps[0]!.name)) return '';
  return isIdentifier(name) ? `${name}=` : '_=';
}

function appText(app: StreamApp, group: string | undefined, { redact }: StreamTextOptions): string {
  const label = app.label === app.name ? '' : `${app.label}: `;
  const groupText = group === undefined ? '' : optionText('group', group);
  const properties = { ...writtenBindings(app), ...app.options };
  const shown = Object.entries(redact ? redactProperties(properties) : properties);
  return label + app.name + groupText + shown.map(([name, value]) => optionText(name, value)).join('');
}

function writtenBindings({ bindings }: StreamApp): Record<string, string> {
  const { inputContentType, outputContentType } = bindingKeys;
  return Object.fromEntries(Object.entries(bindings).filter(([key]) => key === inputContentType || key === outputContentType));
}

function optionText(name: string, value: string): string {
  return ` --${name}=${quoteValue(name, value)}`;
}
