import { problem } from '@millrace/dataflow-api';
import type { ApplicationType } from '@millrace/dataflow-api';
import { applicationTypes } from './registry.ts';
import type { AppToRegister } from './registry.ts';

/**
 * Reads lines of the form `type.name=uri`, `type.name.metadata=uri` and `type.name.bootVersion=3`, as a file of Java properties: `#` and
 * `!` begin comments, lines without `=` say nothing. Throws `IMPORT_KEY_INVALID` and `IMPORT_TYPE_INVALID`.
 */
export function parseAppList(text: string): readonly AppToRegister[] {
  const apps = new Map<string, { type: ApplicationType; name: string; uri?: string; metadataUri?: string; bootVersion?: string }>();
  for (const [key, value] of propertyLines(text)) {
    const [type = '', name, more, ...rest] = key.split('.');
    if (name === undefined || rest.length > 0 || (more !== undefined && more !== 'metadata' && more !== 'bootVersion'))
      throw problem('IMPORT_KEY_INVALID', { key });
    const known = applicationTypes.find((each) => each === type);
    if (known === undefined) throw problem('IMPORT_TYPE_INVALID', { type });
    const app = apps.get(`${type}.${name}`) ?? { type: known, name };
    apps.set(`${type}.${name}`, app);
    app[more === undefined ? 'uri' : more === 'metadata' ? 'metadataUri' : 'bootVersion'] = value;
  }
  return [...apps.values()].flatMap(({ uri, ...app }) => (uri === undefined ? [] : [{ ...app, uri }]));
}

function* propertyLines(text: string): Iterable<readonly [key: string, value: string]> {
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    const at = trimmed.indexOf('=');
    if (trimmed.startsWith('#') || trimmed.startsWith('!') || at <= 0) continue;
    yield [trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim()];
  }
}
