/** A login as Java's configuration of authentication writes it. */
export interface JaasLogin {
  /** The name of the module's class, without its package. */
  readonly module: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Reads `sasl.jaas.config`: `Class required name="value" …;`. `undefined` for anything else. */
export function parseJaas(text: string): JaasLogin | undefined {
  const [, className, rest] = /^\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b([^]*?);?\s*$/.exec(text) ?? [];
  if (className === undefined || rest === undefined) return undefined;
  const options = new Map<string, string>();
  for (const [, name, quoted, bare] of rest.matchAll(/([\w.]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/g))
    options.set(name!, quoted === undefined ? bare! : quoted.replace(/\\(.)/g, '$1'));
  return { module: className.split('.').at(-1)!, options };
}
