import { Catalogue } from '@millrace/apps';
import type { AppKind } from '@millrace/apps';
import { metadataOf } from './metadata.ts';
import type { AppMetadata } from './metadata.ts';
import type { Registration } from './registry.ts';

/** Reads the metadata of registered applications, and remembers them. */
export class MetadataReader {
  readonly #stock = new Catalogue();
  readonly #found = new Map<string, Promise<AppMetadata | undefined>>();

  /** `undefined` where it cannot be had; asked again then after the next change of the registration only. */
  read(app: Registration): Promise<AppMetadata | undefined> {
    const key = `${app.uri} ${app.metadata_uri}`;
    let found = this.#found.get(key);
    if (found === undefined) this.#found.set(key, (found = this.#read(app).catch(() => undefined)));
    return found;
  }

  /** Whether the application itself can be had. */
  async isReachable(app: Registration): Promise<boolean> {
    return (await this.read(app)) !== undefined;
  }

  async #read(app: Registration): Promise<AppMetadata | undefined> {
    const scheme = app.uri.slice(0, app.uri.indexOf(':'));
    if (scheme === 'builtin') return this.#builtin(app);
    return undefined;
  }

  #builtin(app: Registration): AppMetadata | undefined {
    const name = app.uri.slice('builtin:'.length).replace(/@.*$/, '');
    const found = this.#stock.get(app.type as AppKind, name);
    return found === undefined ? undefined : metadataOf(found);
  }
}
