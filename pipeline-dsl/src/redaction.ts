import { isBlank } from './lexing/characters.ts';

const secretEndings = ['username', 'password', 'secret', 'key', 'token', 'url', 'vcap_services'];

/** What stands for a secret in output. */
export const redacted = '******';

/** Whether the value of this option is taken for a secret: by the ending of its name, or `credentials` anywhere in it. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.includes('credentials') || secretEndings.some((ending) => lower.endsWith(ending));
}

/** The properties with secrets replaced; blank values are kept. */
export function redactProperties(properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, redactValue(name, value)]));
}

function redactValue(name: string, value: string): string {
  return isSecretName(name) && !isBlank(value) ? redacted : value;
}
