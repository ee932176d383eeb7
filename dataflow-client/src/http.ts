import { messageOf } from '@millrace/core';
import { raise, ServerError } from './errors.ts';
import type { ServerProblem } from './errors.ts';
import type { Page, PageInfo } from './resources.ts';

/** How a client reaches its server. */
export interface ConnectionOptions {
  /** Where the server is (default `http://localhost:9393`). A path stands before all of its routes. */
  readonly uri?: string | URL | undefined;
  /** Sent as basic authentication. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Sent as a bearer token; asked for anew before each request where it is a function. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** How long a request may take, in milliseconds (default 60000). */
  readonly timeoutMs?: number | undefined;
  /** Instead of the platform's own `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** Values of a query or a form. Absent ones are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What a request carries beside its path. */
export interface RequestParts {
  readonly query?: Parameters | undefined;
  /** Sent as a form. */
  readonly form?: Parameters | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal | undefined;
}

const defaultUri = 'http://localhost:9393';
const defaultTimeoutMs = 60_000;

/** Speaks HTTP with the server: paths relative to its root, errors as the server names them. */
export class Http {
  readonly uri: string;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.uri = String(options.uri ?? defaultUri).replace(/\/+$/, '');
    this.#options = options;
  }

  /** The JSON of an answer; `undefined` where it has no body. */
  async json<T>(method: string, path: string, parts: RequestParts = {}): Promise<T> {
    const response = await this.#send(method, path, parts, 'application/json');
    const text = await response.text();
    if (text === '') return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw raise('ANSWER_UNREADABLE', { uri: this.uri, method, path, status: response.status });
    }
  }

  /** The text of an answer. */
  async text(method: string, path: string, parts: RequestParts = {}): Promise<string> {
    return (await this.#send(method, path, parts, 'text/plain, application/json')).text();
  }

  /** A page of a list whose elements lie under `key`. */
  async page<Item>(path: string, key: string, query: Parameters = {}): Promise<Page<Item>> {
    const answer = await this.json<{ _embedded?: Record<string, readonly Item[]>; page: PageInfo }>('GET', path, { query });
    return { items: answer._embedded?.[key] ?? [], page: answer.page };
  }

  /** The elements of all pages. */
  async all<Item>(path: string, key: string, query: Parameters = {}): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let number = 0; ; number++) {
      const { items: more, page } = await this.page<Item>(path, key, { ...query, size: 2000, page: number });
      items.push(...more);
      if (number + 1 >= page.totalPages) return items;
    }
  }

  async #send(method: string, path: string, parts: RequestParts, accept: string): Promise<Response> {
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = parts.signal === undefined ? timeout : AbortSignal.any([parts.signal, timeout]);
    const headers = { accept, ...(await this.#authorization()), ...contentType(parts) };
    const url = `${this.uri}${path}${queryOf(parts.query)}`;
    const send = this.#options.fetch ?? fetch;
    let response: Response;
    try {
      response = await send(url, { method, headers, body: bodyOf(parts) ?? null, signal });
    } catch (error) {
      if (parts.signal?.aborted === true) throw parts.signal.reason;
      if (timeout.aborted) throw raise('SERVER_SILENT', { uri: this.uri, method, path, waitedMs: timeoutMs }, error);
      throw raise('SERVER_UNREACHABLE', { uri: this.uri, problem: problemOf(error) }, error);
    }
    if (!response.ok) throw new ServerError(response.status, await problemsOf(response));
    return response;
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    const { username, password = '', token } = this.#options;
    if (token !== undefined) return { authorization: `Bearer ${typeof token === 'function' ? await token() : token}` };
    if (username === undefined) return {};
    return { authorization: `Basic ${btoa(String.fromCodePoint(...new TextEncoder().encode(`${username}:${password}`)))}` };
  }
}

function contentType({ form, json }: RequestParts): Readonly<Record<string, string>> {
  if (form !== undefined) return { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
  return json === undefined ? {} : { 'content-type': 'application/json' };
}

function bodyOf({ form, json }: RequestParts): string | undefined {
  if (form !== undefined) return String(search(form));
  return json === undefined ? undefined : JSON.stringify(json);
}

function queryOf(query: Parameters | undefined): string {
  const text = query === undefined ? '' : String(search(query));
  return text === '' ? '' : `?${text}`;
}

function search(values: Parameters): URLSearchParams {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    const each = Array.isArray(value) ? (value as readonly string[]) : [value];
    for (const one of each) if (one !== undefined) result.append(name, String(one));
  }
  return result;
}

/** Errors of `fetch` say what happened only in their cause. */
function problemOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return messageOf(cause ?? error) || messageOf(error);
}

interface ErrorBody {
  readonly _embedded?: { readonly errors?: readonly ServerProblem[] };
  readonly message?: unknown;
  readonly logref?: unknown;
  readonly error?: unknown;
}

/** What an error's body names: the envelope, a single error, or Spring Boot's own form. */
async function problemsOf(response: Response): Promise<readonly ServerProblem[]> {
  const text = await response.text();
  let body: ErrorBody = {};
  try {
    body = (JSON.parse(text) ?? {}) as ErrorBody;
  } catch {
    // A proxy's page, perhaps; the status alone has to do.
  }
  if (body._embedded?.errors !== undefined) return body._embedded.errors;
  const message = textOf(body.message) ?? textOf(body.error) ?? `${response.status} ${response.statusText}`;
  return [{ message, logref: textOf(body.logref) ?? `HTTP_${response.status}` }];
}

/** Spring Boot writes a sentence where it has nothing to say. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== 'No message available' ? value : undefined;
}
