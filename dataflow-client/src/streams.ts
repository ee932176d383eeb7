import type { Http } from './http.ts';
import type { Page, Platform, Release, StreamDefinition, StreamDeployment, Validation } from './resources.ts';

const key = 'streamDefinitionResourceList';

/** A stream to be created. */
export interface StreamToCreate {
  readonly name: string;
  readonly definition: string;
  readonly description?: string | undefined;
  /** Deploy it at once, without properties (default false). */
  readonly deploy?: boolean | undefined;
}

/** A change of a deployed stream. */
export interface StreamUpdate {
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Replace applications although nothing about them changed (default false): those of `appNames`, or all. */
  readonly force?: boolean | undefined;
  readonly appNames?: readonly string[] | undefined;
  readonly packageVersion?: string | undefined;
  readonly repoName?: string | undefined;
}

/** Streams: definitions, deployments, releases. */
export class Streams {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** All definitions, in the order in which they were made. */
  all(): Promise<readonly StreamDefinition[]> {
    return this.#http.all('/streams/definitions', key);
  }

  page(
    query: { readonly search?: string; readonly page?: number; readonly size?: number; readonly sort?: string } = {},
  ): Promise<Page<StreamDefinition>> {
    return this.#http.page('/streams/definitions', key, query);
  }

  get(name: string): Promise<StreamDefinition> {
    return this.#http.json('GET', `/streams/definitions/${encodeURIComponent(name)}`);
  }

  create({ name, definition, description = '', deploy = false }: StreamToCreate): Promise<StreamDefinition> {
    return this.#http.json('POST', '/streams/definitions', { form: { name, definition, description, deploy } });
  }

  /** Ends what runs of it, then forgets it. */
  async destroy(name: string): Promise<void> {
    await this.#http.json('DELETE', `/streams/definitions/${encodeURIComponent(name)}`);
  }

  async destroyAll(): Promise<void> {
    await this.#http.json('DELETE', '/streams/definitions');
  }

  validate(name: string): Promise<Validation> {
    return this.#http.json('GET', `/streams/validation/${encodeURIComponent(name)}`);
  }

  /** How it is deployed, with all properties that led to it. */
  deployment(name: string): Promise<StreamDeployment> {
    return this.#http.json('GET', this.#deployments(name), { query: { 'reuse-deployment-properties': true } });
  }

  /** Asks for it to be deployed; its status tells how that goes. */
  async deploy(name: string, properties: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#http.json('POST', this.#deployments(name), { json: properties });
  }

  async undeploy(name: string): Promise<void> {
    await this.#http.json('DELETE', this.#deployments(name));
  }

  async undeployAll(): Promise<void> {
    await this.#http.json('DELETE', '/streams/deployments');
  }

  async update(name: string, change: StreamUpdate): Promise<void> {
    const { properties = {}, force = false, appNames, packageVersion, repoName } = change;
    const packageIdentifier = { repositoryName: repoName ?? null, packageName: name, packageVersion: packageVersion ?? null };
    const json = { releaseName: name, packageIdentifier, updateProperties: properties, force, appNames: appNames ?? null };
    await this.#http.json('POST', `/streams/deployments/update/${encodeURIComponent(name)}`, { json });
  }

  /** To a version of its history; 0 stands for the one before. */
  async rollback(name: string, version = 0): Promise<void> {
    await this.#http.json('POST', `/streams/deployments/rollback/${encodeURIComponent(name)}/${version}`);
  }

  async scale(name: string, app: string, count: number, properties: Readonly<Record<string, string>> = {}): Promise<void> {
    const path = `/streams/deployments/scale/${encodeURIComponent(name)}/${encodeURIComponent(app)}/instances/${count}`;
    await this.#http.json('POST', path, { json: properties });
  }

  /** The newest release first. */
  history(name: string): Promise<readonly Release[]> {
    return this.#http.json('GET', `/streams/deployments/history/${encodeURIComponent(name)}`);
  }

  /** What exactly was deployed, as text; 0 stands for the newest version. */
  manifest(name: string, version = 0): Promise<string> {
    return this.#http.json('GET', `/streams/deployments/manifest/${encodeURIComponent(name)}/${version}`);
  }

  platforms(): Promise<readonly Platform[]> {
    return this.#http.json('GET', '/streams/deployments/platform/list');
  }

  /** The newest lines of all applications of a stream, or of the one with this deployment id, by deployment id. */
  async logs(name: string, deploymentId?: string): Promise<Readonly<Record<string, string>>> {
    const parts = [name, ...(deploymentId === undefined ? [] : [deploymentId])].map(encodeURIComponent);
    const answer = await this.#http.json<{ logs: Readonly<Record<string, string>> }>('GET', `/streams/logs/${parts.join('/')}`);
    return answer.logs;
  }

  #deployments(name: string): string {
    return `/streams/deployments/${encodeURIComponent(name)}`;
  }
}
