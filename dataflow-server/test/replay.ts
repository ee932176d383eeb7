import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../src/index.ts';
import type { DataflowServer } from '../src/index.ts';

/** One exchange with Spring Cloud Data Flow 2.11.5. */
interface Exchange {
  readonly title: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

/** An answer in which what differs between any two servers is levelled. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** An exchange that our server answers otherwise than the original. */
export interface Difference {
  readonly title: string;
  readonly request: string;
  readonly recorded: Answer;
  readonly ours: Answer;
}

/** Replays a file of exchanges, in their order, against a new server; `applications` are registered before. */
export async function replay(file: string, applications: readonly string[]): Promise<readonly Difference[]> {
  const server = await startServer({ port: 0 });
  try {
    await fetch(`${server.url}/apps`, { method: 'POST', body: new URLSearchParams({ apps: applications.join('\n') }) });
    const differences: Difference[] = [];
    for (const exchange of read(file)) {
      const { title, request, response } = exchange;
      const recorded = levelled(response.status, header(response.headers, 'content-type'), response.body, '127.0.0.1:9393');
      const ours = await ask(server, exchange);
      if (JSON.stringify(ours) !== JSON.stringify(recorded))
        differences.push({ title, request: `${request.method} ${request.path}`, recorded, ours });
    }
    return differences;
  } finally {
    await server.close();
  }
}

function read(file: string): readonly Exchange[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'recordings', file), 'utf8')) as readonly Exchange[];
}

async function ask({ url }: DataflowServer, { request }: Exchange): Promise<Answer> {
  const { method, path, headers, body } = request;
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(host|content-length|connection)$/i.test(name)));
  const answer = await fetch(url + path, { method, headers: sent, ...(body ? { body } : {}), redirect: 'manual' });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  return levelled(answer.status, answer.headers.get('content-type'), isJson ? JSON.parse(text) : text, new URL(url).host);
}

function levelled(status: number, type: string | null, body: unknown, host: string): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return {
    status,
    type: type?.split(';')[0] ?? '',
    body: (text === '""' ? '' : text).replaceAll(host, 'HOST').replaceAll(/"timestamp":"[^"]+"/g, '"timestamp":"T"'),
  };
}

function header(headers: Readonly<Record<string, string>>, name: string): string | null {
  return Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
}

/** The same refusal of a user's mistake, which the original calls an error of its own. */
export function isRightStatus({ recorded, ours }: Difference): boolean {
  return recorded.status === 500 && ours.status >= 400 && ours.status < 500 && recorded.body === ours.body;
}
