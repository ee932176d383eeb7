import { relaxedName } from './names.ts';
import type { OptionSet, OptionSpec } from './spec.ts';

const mask = '******';
const secretWords = /(password|passphrase|secret|token|credentials|apikey|privatekey|accesskey)/;

/** A value as it may be shown: masked if its option is secret, without the user information of addresses. */
export function redactValue(spec: OptionSpec, value: unknown): string {
  return spec.secret ? mask : withoutUserInfo(shown(value));
}

/** Option values by name as they may be shown: secret options, names that sound secret and user information in addresses are masked. */
export function redactOptions(specs: OptionSet, given: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const secret = new Set(
    Object.values(specs)
      .filter((spec) => spec.secret)
      .flatMap((spec) => [spec.name, spec.shortName, ...spec.aliases].map(relaxedName)),
  );
  const entries = Object.entries(given).map(([name, value]) => {
    const relaxed = relaxedName(name);
    const hide = secret.has(relaxed) || secretWords.test(relaxed.replaceAll('.', ''));
    return [name, hide ? mask : withoutUserInfo(shown(value))] as const;
  });
  return Object.fromEntries(entries);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function withoutUserInfo(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${mask}@`);
}
