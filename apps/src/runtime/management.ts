import type { Millrace } from '@millrace/messaging';
import type { MetricsRegistry } from '@millrace/messaging/policies';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppDefinition } from './define.ts';
import { sendJson } from './http-host.ts';
import type { HttpHandler } from './http-host.ts';

/** A binding as the management endpoints show it. */
export interface BindingState {
  readonly name: 'input' | 'output';
  readonly destination: string;
  readonly group: string | undefined;
  readonly state: 'running' | 'paused' | 'stopped';
}

/** What the endpoints tell of and act on. */
export interface Managed {
  /** The apps of the process, in the order of their pipeline. */
  readonly apps: readonly AppDefinition[];
  /** Whether they have begun to work; before, they are not healthy. */
  readonly ready: () => boolean;
  /** `undefined` until something needed it. */
  readonly runtime: () => Promise<Millrace | undefined>;
  readonly metrics: MetricsRegistry;
  readonly bindings: () => readonly BindingState[];
  /** Changes a binding's state; false if it cannot. */
  readonly change: (binding: string, state: string) => Promise<boolean>;
  /** Present if the app may be shut down from outside. */
  readonly shutdown: (() => void) | undefined;
}

const statusType = 'application/vnd.spring-boot.actuator.v3+json';

/** Serves Spring Boot's management endpoints, as far as deployers and operators use them, beneath `/actuator`. */
export function managementEndpoints(managed: Managed): HttpHandler {
  return async (request, response) => {
    const [path] = (request.url ?? '/').split('?', 1);
    if (request.method === 'POST' && (path === '/actuator/shutdown' || path === '/shutdown')) return shutdown(managed, response);
    if (path === undefined || !/^\/actuator(\/|$)/.test(path)) return false;
    const [endpoint = '', name = ''] = path.split('/').slice(2).map(decodeURIComponent);
    if (request.method === 'GET') return show(managed, endpoint, name, response);
    if (request.method === 'POST' && endpoint === 'bindings') return changeBinding(managed, name, request, response);
    return sendJson(response, 405, { error: `${request.method} is not possible at ${path}.` });
  };
}

async function show(managed: Managed, endpoint: string, name: string, response: ServerResponse): Promise<boolean> {
  switch (endpoint) {
    case '':
      return sendJson(response, 200, { _links: links(managed) }, statusType);
    case 'health':
      return health(managed, response);
    case 'info': {
      const [app, ...others] = managed.apps.map(appInfo);
      return sendJson(response, 200, others.length === 0 ? { app } : { app, apps: [app, ...others] }, statusType);
    }
    case 'bindings':
      return bindings(managed, name, response);
    case 'metrics':
      return metrics(await metricsText(managed), name, response);
    case 'prometheus':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(await metricsText(managed));
      return true;
    default:
      return sendJson(response, 404, { error: `There is no endpoint '${endpoint}'.` });
  }
}

function appInfo({ name, description, version, kind }: AppDefinition): Readonly<Record<string, string>> {
  return { name: `${name}-${kind}`, description, version };
}

function links({ shutdown: stop }: Managed): Record<string, { href: string }> {
  const names = ['health', 'info', 'bindings', 'metrics', 'prometheus', ...(stop === undefined ? [] : ['shutdown'])];
  return Object.fromEntries(names.map((name) => [name, { href: `/actuator/${name}` }]));
}

function details(parts: Readonly<Record<string, { readonly status: string }>>): Record<string, { status: string }> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, { status: part.status.toUpperCase() }]));
}

async function health(managed: Managed, response: ServerResponse): Promise<boolean> {
  if (!managed.ready()) return sendJson(response, 503, { status: 'OUT_OF_SERVICE' }, statusType);
  const found = (await managed.runtime())?.health();
  const up = found === undefined || found.status === 'up';
  const components =
    found === undefined
      ? {}
      : { binders: { components: details(found.binders) }, subscriptions: { components: details(found.subscriptions) } };
  return sendJson(response, up ? 200 : 503, { status: up ? 'UP' : 'DOWN', components }, statusType);
}

function bindings(managed: Managed, name: string, response: ServerResponse): boolean {
  const all = managed.bindings().map((binding) => ({
    bindingName: binding.name,
    name: binding.destination,
    group: binding.group,
    state: binding.state,
    input: binding.name === 'input',
    pausable: binding.name === 'input',
  }));
  if (name === '') return sendJson(response, 200, all, statusType);
  const wanted = all.filter((binding) => binding.bindingName === name);
  return sendJson(response, wanted.length === 0 ? 404 : 200, wanted, statusType);
}

async function changeBinding(managed: Managed, name: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (chunks.length > 100) return sendJson(response, 413, { error: 'The body is too long.' });
  }
  const state = /"state"\s*:\s*"(\w+)"/.exec(Buffer.concat(chunks).toString('utf8'))?.[1];
  if (state === undefined)
    return sendJson(response, 400, { error: 'Send {"state": "STARTED" | "STOPPED" | "PAUSED" | "RESUMED"}.' });
  if (!(await managed.change(name, state.toUpperCase()))) {
    return sendJson(response, 400, { error: `Binding '${name}' cannot be put into state '${state}'.` });
  }
  response.writeHead(204).end();
  return true;
}

function shutdown(managed: Managed, response: ServerResponse): boolean {
  if (managed.shutdown === undefined) return sendJson(response, 404, { error: 'Shutdown over HTTP is not enabled.' });
  sendJson(response, 200, { message: 'Shutting down, bye...' }, statusType);
  managed.shutdown();
  return true;
}

async function metricsText(managed: Managed): Promise<string> {
  return managed.metrics.text() + ((await managed.runtime())?.metrics() ?? '');
}

// Boot's JSON form, from the text form.
function metrics(text: string, name: string, response: ServerResponse): boolean {
  const samples = [...text.matchAll(/^([\w:]+)(?:\{(.*)\})? (\S+)$/gm)];
  if (name === '') return sendJson(response, 200, { names: [...new Set(samples.map((sample) => sample[1]!))].sort() }, statusType);
  const found = samples.filter((sample) => sample[1] === name);
  if (found.length === 0) return sendJson(response, 404, { error: `There is no metric '${name}'.` });
  const value = found.reduce((sum, sample) => sum + Number(sample[3]), 0);
  return sendJson(response, 200, { name, measurements: [{ statistic: 'VALUE', value }], availableTags: [] }, statusType);
}
