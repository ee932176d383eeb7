import { Apps } from './apps.ts';
import { raise } from './errors.ts';
import { Http } from './http.ts';
import type { ConnectionOptions } from './http.ts';
import type { About, AuditRecord, CompletionProposal, Links, Page } from './resources.ts';
import { Runtime } from './runtime.ts';
import { Streams } from './streams.ts';
import { Tasks } from './tasks.ts';

/** The revision of the REST API that this client speaks, which is that of Spring Cloud Data Flow 2.5 to 2.11. */
export const apiRevision = 14;

/** Which audit records are wanted. */
export interface AuditQuery {
  readonly operations?: readonly string[];
  readonly actions?: readonly string[];
  /** ISO instants. */
  readonly fromDate?: string;
  readonly toDate?: string;
  readonly page?: number;
  readonly size?: number;
  readonly sort?: string;
}

/**
 * A client of a data-flow server, ours or Spring Cloud Data Flow's, for Node and browsers. Holds no connection and needs no closing.
 *
 * Every call rejects with {@link ServerError} for what the server refuses, with the server's own message, and with a `MillraceError`
 * where it cannot be reached (`UNAVAILABLE`) or does not answer in time (`INDETERMINATE`).
 */
export class DataflowClient {
  readonly apps: Apps;
  readonly streams: Streams;
  readonly runtime: Runtime;
  readonly tasks: Tasks;
  readonly #http: Http;

  constructor(options: ConnectionOptions = {}) {
    this.#http = new Http(options);
    this.apps = new Apps(this.#http);
    this.streams = new Streams(this.#http);
    this.runtime = new Runtime(this.#http);
    this.tasks = new Tasks(this.#http);
  }

  /** Where the server is, without a slash at its end. */
  get uri(): string {
    return this.#http.uri;
  }

  /** Makes sure that a server is there that this client understands: `NOT_DATA_FLOW` or `REVISION_UNKNOWN` otherwise. */
  async check(): Promise<void> {
    const root = await this.#http.json<{ 'api.revision'?: number; _links?: Links } | undefined>('GET', '/');
    const { uri } = this;
    if (root?._links === undefined) throw raise('NOT_DATA_FLOW', { uri, problem: 'its root document has no links' });
    const revision = root['api.revision'];
    if (revision !== apiRevision) throw raise('REVISION_UNKNOWN', { uri, revision: revision ?? 'none', known: apiRevision });
  }

  about(): Promise<About> {
    return this.#http.json('GET', '/about');
  }

  security(): Promise<About['securityInfo']> {
    return this.#http.json('GET', '/security/info');
  }

  audit(query: AuditQuery = {}): Promise<Page<AuditRecord>> {
    return this.#http.page('/audit-records', 'auditRecordResourceList', { ...query });
  }

  /** What could follow the beginning of a stream definition. */
  completeStream(start: string, detailLevel = 1): Promise<readonly CompletionProposal[]> {
    return this.#complete('stream', start, detailLevel);
  }

  /** What could follow the beginning of a task definition. */
  completeTask(start: string, detailLevel = 1): Promise<readonly CompletionProposal[]> {
    return this.#complete('task', start, detailLevel);
  }

  async #complete(kind: string, start: string, detailLevel: number): Promise<readonly CompletionProposal[]> {
    const query = { start, detailLevel };
    const answer = await this.#http.json<{ proposals?: readonly CompletionProposal[] }>('GET', `/completions/${kind}`, { query });
    return answer.proposals ?? [];
  }
}
