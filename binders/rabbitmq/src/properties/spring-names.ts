import { environmentName } from '@millrace/core';

/** Properties by their names in Spring's spelling, found however they are spelt: with dashes, camel case, or as environment variables. */
export class SpringNames {
  readonly #values: ReadonlyMap<string, string>;

  constructor(properties: Readonly<Record<string, unknown>>) {
    const given = Object.entries(properties).filter(([, value]) => value !== undefined && value !== null);
    this.#values = new Map(given.map(([name, value]) => [environmentName(name), textOf(value)]));
  }

  /** The value of the first of these names that has one. An empty value is none. */
  get(...names: readonly string[]): string | undefined {
    return this.find(...names)?.text;
  }

  find(...names: readonly string[]): { readonly name: string; readonly text: string } | undefined {
    for (const name of names) {
      const text = this.#values.get(environmentName(name))?.trim();
      if (text !== undefined && text !== '') return { name, text };
    }
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
