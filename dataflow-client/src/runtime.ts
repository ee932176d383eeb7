import type { Http } from './http.ts';
import type { AppInstanceStatus, AppStatus, StreamRuntime } from './resources.ts';

/** Lists within resources, as the wire has them. */
interface WireApp extends Omit<AppStatus, 'instances'> {
  readonly instances?: { readonly _embedded?: { readonly appInstanceStatusResourceList?: readonly AppInstanceStatus[] } } | null;
}

interface WireStream extends Omit<StreamRuntime, 'applications'> {
  readonly applications?: { readonly _embedded?: { readonly appStatusResourceList?: readonly WireApp[] } } | null;
}

/** What runs. */
export class Runtime {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async apps(): Promise<readonly AppStatus[]> {
    return (await this.#http.all<WireApp>('/runtime/apps', 'appStatusResourceList')).map(appOf);
  }

  async app(deploymentId: string): Promise<AppStatus> {
    return appOf(await this.#http.json<WireApp>('GET', `/runtime/apps/${encodeURIComponent(deploymentId)}`));
  }

  /** The streams with these names. */
  async streams(names: readonly string[]): Promise<readonly StreamRuntime[]> {
    const path = `/runtime/streams/${names.map(encodeURIComponent).join(',')}`;
    return (await this.#http.page<WireStream>(path, 'streamStatusResourceList')).items.map((stream) => ({
      ...stream,
      applications: (stream.applications?._embedded?.appStatusResourceList ?? []).map(appOf),
    }));
  }

  /** What an actuator endpoint of an instance answers, as JSON text. */
  actuator(deploymentId: string, instanceId: string, endpoint: string): Promise<string> {
    return this.#http.json('GET', instancePath(deploymentId, instanceId, 'actuator'), { query: { endpoint } });
  }

  async postToActuator(deploymentId: string, instanceId: string, endpoint: string, body: unknown): Promise<void> {
    await this.#http.json('POST', instancePath(deploymentId, instanceId, 'actuator'), { json: { endpoint, body } });
  }
}

function instancePath(deploymentId: string, instanceId: string, what: string): string {
  return `/runtime/apps/${encodeURIComponent(deploymentId)}/instances/${encodeURIComponent(instanceId)}/${what}`;
}

function appOf(app: WireApp): AppStatus {
  return { ...app, instances: app.instances?._embedded?.appInstanceStatusResourceList ?? [] };
}
