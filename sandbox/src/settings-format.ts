import type { ConnectionSettings } from './server-kind.ts';

/** The forms in which connection settings are printed. */
export const settingsFormats = ['env', 'spring'] as const;

/** `env`: lines for a shell or an `.env` file; `spring`: lines of `application.properties`. */
export type SettingsFormat = (typeof settingsFormats)[number];

/** Connection settings as text that can be pasted. */
export function formatSettings(settings: ConnectionSettings, format: SettingsFormat): string {
  const line = format === 'env' ? envLine : springLine;
  return Object.entries(settings[format])
    .map(([name, value]) => line(name, value))
    .join('\n');
}

function envLine(name: string, value: string): string {
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
}

function springLine(name: string, value: string): string {
  return `${name}=${value.replaceAll('\\', '\\\\')}`;
}
