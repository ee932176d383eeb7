import type { Links } from '@millrace/dataflow-api';

/** What somebody must be allowed to, in the terms of Spring Cloud Data Flow; `undefined`: everybody may. */
export type Role = 'VIEW' | 'CREATE' | 'MODIFY' | 'DEPLOY' | 'DESTROY' | 'MANAGE' | 'SCHEDULE';

/** One request, read. */
export interface Call {
  /** The parts of the path that are placeholders in the route. */
  readonly path: Readonly<Record<string, string>>;
  /** Of the query and of a form in the body. */
  readonly parameters: URLSearchParams;
  /** Of the query alone, as links to other pages repeat it. */
  readonly query: URLSearchParams;
  /** A JSON body, checked by nobody yet. */
  readonly body: unknown;
  /** Where the server is, as its client sees it; without a slash at the end. */
  readonly base: string;
  /** The address of this resource, without a query. */
  readonly address: string;
  /** Whether the client prefers plain text to JSON. */
  readonly wantsText: boolean;
  readonly actor: string | undefined;
}

/** What comes back: a document, or nothing. */
export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A method of a resource. Paths have placeholders of the form `:name`. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly role: Role | undefined;
  /** Throws what the API refuses as errors of `@millrace/dataflow-api`. */
  run(call: Call): Promise<Answer> | Answer;
}

/** The links of a resource that only tells where it is. */
export function selfLink(call: Call, path: string): Links {
  return { self: { href: call.base + path } };
}

/** A path of the given parts, each encoded. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}
