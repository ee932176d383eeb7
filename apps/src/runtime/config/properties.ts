import type { OptionSource } from '@millrace/core';
import type { PropertyLayer } from './layers.ts';
import { resolvePlaceholders } from './placeholders.ts';

/** The configuration of one app: layers of values, the strongest last, with placeholders resolved against all of them. */
export class Properties implements OptionSource {
  readonly #layers: readonly PropertyLayer[];

  /** `layers`: weakest first. */
  constructor(layers: readonly PropertyLayer[]) {
    this.#layers = layers.toReversed();
  }

  /** The strongest value of a name in any relaxed spelling, with its placeholders resolved. */
  get(name: string): unknown {
    return this.#resolved(this.#raw(name));
  }

  /** All values below a prefix, by the rest of their names; stronger ones replace weaker ones of the same spelling. */
  under(prefix: string): Readonly<Record<string, unknown>> {
    const found = new Map<string, unknown>();
    for (const layer of this.#layers.toReversed()) for (const [name, value] of layer.under(prefix)) found.set(name, value);
    return Object.fromEntries([...found].map(([name, value]) => [name, this.#resolved(value)]));
  }

  #raw(name: string): unknown {
    for (const layer of this.#layers) {
      const value = layer.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #resolved(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolved(item));
    return typeof value === 'string' && value.includes('${') ? resolvePlaceholders(value, (name) => this.#raw(name)) : value;
  }
}
