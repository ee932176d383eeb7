import type { ConnectionSettings } from './server-kind.ts';

/** The forms in which connection settings are printed. */
export const settingsFormats = ['env', 'spring'] as const;

/**
 * `env`: lines for a shell or an `.env` file, with the names that each server's tools use and those by which Spring and Millrace find
 * their settings; `spring`: lines of `application.properties`.
 */
export type SettingsFormat = (typeof settingsFormats)[number];

/** Connection settings as text that can be pasted. */
export function formatSettings(settings: ConnectionSettings, format: SettingsFormat): string {
  const spring = Object.entries(settings.spring);
  if (format === 'spring') return spring.map(([name, value]) => springLine(name, value)).join('\n');
  const variables = [...Object.entries(settings.env), ...spring.map(([name, value]) => [variableName(name), value] as const)];
  return variables.map(([name, value]) => envLine(name, value)).join('\n');
}

/** The environment variable of a property, by the rule of Spring Boot. */
function variableName(property: string): string {
  return property.replaceAll('.', '_').replaceAll('-', '').toUpperCase();
}

function envLine(name: string, value: string): string {
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
}

function springLine(name: string, value: string): string {
  return `${name}=${value.replaceAll('\\', '\\\\')}`;
}
