import type { Http } from './http.ts';
import type { AppDetail, ApplicationType, AppRegistration, Page } from './resources.ts';

const key = 'appRegistrationResourceList';

/** What a registration says of an application. */
export interface AppToRegister {
  readonly type: ApplicationType;
  readonly name: string;
  readonly uri: string;
  readonly metadataUri?: string | undefined;
  /** Where the URI does not tell it. */
  readonly version?: string | undefined;
  /** Replace a registration of the same version (default false). */
  readonly force?: boolean | undefined;
}

/** Which part of the registry is wanted. */
export interface AppQuery {
  readonly type?: ApplicationType | undefined;
  readonly search?: string | undefined;
  readonly version?: string | undefined;
  readonly defaultVersion?: boolean | undefined;
  readonly page?: number | undefined;
  readonly size?: number | undefined;
  readonly sort?: string | undefined;
}

/** The registry of applications. */
export class Apps {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** All registrations, in the order in which they were made. */
  all(): Promise<readonly AppRegistration[]> {
    return this.#http.all('/apps', key);
  }

  page(query: AppQuery = {}): Promise<Page<AppRegistration>> {
    return this.#http.page('/apps', key, { ...query });
  }

  /** An application with its options; `exhaustive` includes those of the framework beneath it. */
  info(type: ApplicationType, name: string, version?: string, exhaustive = false): Promise<AppDetail> {
    return this.#http.json('GET', pathOf(type, name, version), { query: { exhaustive } });
  }

  async register({ type, name, uri, metadataUri, version, force = false }: AppToRegister): Promise<void> {
    await this.#http.json('POST', pathOf(type, name, version), { form: { uri, 'metadata-uri': metadataUri, force } });
  }

  /** Without a version the default one. */
  async unregister(type: ApplicationType, name: string, version?: string): Promise<void> {
    await this.#http.json('DELETE', pathOf(type, name, version));
  }

  /** All but those that deployed streams use. */
  async unregisterAll(): Promise<void> {
    await this.#http.json('DELETE', '/apps');
  }

  /** `apps`: lines of the form `type.name=uri`. `uri`: where the server finds such lines. Resolves with what is new. */
  async import(from: { readonly apps: string } | { readonly uri: string }, force = false): Promise<readonly AppRegistration[]> {
    const answer = await this.#http.json<{ _embedded?: Record<string, readonly AppRegistration[]> }>('POST', '/apps', {
      form: { ...from, force },
    });
    return answer._embedded?.[key] ?? [];
  }

  async makeDefault(type: ApplicationType, name: string, version: string): Promise<void> {
    await this.#http.json('PUT', pathOf(type, name, version));
  }
}

function pathOf(type: string, name: string, version?: string): string {
  const parts = version === undefined ? [type, name] : [type, name, version];
  return `/apps/${parts.map(encodeURIComponent).join('/')}`;
}
