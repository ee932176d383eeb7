import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, MillraceError } from '@millrace/core';
import { problem, problemAnswer } from '@millrace/dataflow-api';
import { baseOf } from './address.ts';
import { bootError, errorPage } from './errors.ts';
import { acceptedRanges, mediaType, prefersText } from './negotiation.ts';
import type { Answer, Call, Route } from './route.ts';

/** Says who asks, and refuses who may not. */
export type Gatekeeper = (request: FastifyRequest, route: Route) => Promise<string | undefined> | string | undefined;

/** What the server does not answer for, told to its log. */
export type Report = (error: unknown, what: string) => void;

const maxBodyBytes = 10 << 20;

/** Serves routes over HTTP: reads requests, negotiates the form of answers, and puts refusals into the API's envelope. */
export function listener(routes: readonly Route[], gatekeeper: Gatekeeper, report: Report): FastifyInstance {
  const http = fastify({
    bodyLimit: maxBodyBytes,
    // Long imports are sent in the query.
    http: { maxHeaderSize: 1 << 20 },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2000, querystringParser: (text) => ({ '': text }) },
    forceCloseConnections: 'idle',
  });
  readBodies(http);
  http.setErrorHandler((error, request, reply) => refuse(reply, request, error, report));
  http.setNotFoundHandler((request, reply) => notFound(request, reply, routes));
  for (const route of routes)
    http.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const ranges = acceptedRanges(request.headers.accept);
        const type = prefersText(ranges) ? 'application/json' : mediaType(ranges);
        if (type === undefined) return notAcceptable(request, reply);
        const actor = await gatekeeper(request, route);
        return send(reply, type, await route.run(callOf(request, prefersText(ranges), actor)));
      },
    });
  return http;
}

function callOf(request: FastifyRequest, wantsText: boolean, actor: string | undefined): Call {
  const query = new URLSearchParams((request.query as Readonly<Record<string, string>>)['']);
  const form = request.body instanceof URLSearchParams ? request.body : undefined;
  const base = baseOf(request);
  return {
    path: request.params as Readonly<Record<string, string>>,
    parameters: form === undefined ? query : new URLSearchParams([...query, ...form]),
    query,
    body: form === undefined ? request.body : undefined,
    base,
    address: base + new URL(request.url, 'http://x').pathname,
    wantsText,
    actor,
  };
}

function send(reply: FastifyReply, type: string, { status = 200, body, headers = {} }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  if (body === undefined) return reply.header('content-length', 0).send();
  if (headers['content-type'] !== undefined) return reply.send(body);
  return reply.header('content-type', type).send(jsonBytes(body));
}

function readBodies(http: FastifyInstance): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(body as string));
    } catch (error) {
      done(problem('BODY_UNREADABLE', { problem: messageOf(error) }));
    }
  });
  http.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(body as string)),
  );
  http.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    multipart(request.headers['content-type']!, body),
  );
  // Whatever else: text, which routes that want it read themselves.
  http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body === '' ? undefined : body));
}

async function multipart(contentType: string, body: Buffer): Promise<URLSearchParams> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData().catch((error) => {
    throw problem('BODY_UNREADABLE', { problem: messageOf(error) });
  });
  const parameters = new URLSearchParams();
  for (const [name, value] of form) if (typeof value === 'string') parameters.append(name, value);
  return parameters;
}

function refuse(reply: FastifyReply, request: FastifyRequest, error: unknown, report: Report): FastifyReply {
  const { status, body } = problemAnswer(fromFastify(error));
  if (status >= 500) report(error, `${request.method} ${request.url}`);
  const type = mediaType(acceptedRanges(request.headers.accept)) ?? 'application/hal+json';
  return reply.code(status).header('content-type', type).send(jsonBytes(body));
}

/** Refusals of the HTTP layer in the API's terms. */
function fromFastify(error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  const { code } = error as { readonly code?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return problem('BODY_TOO_LARGE', { limit: maxBodyBytes });
  if (code?.startsWith('FST_ERR_CTP') === true) return problem('BODY_UNREADABLE', { problem: messageOf(error) });
  return error;
}

function notAcceptable(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return bootAnswer(request, reply, 406, 'Could not find acceptable representation');
}

function notFound(request: FastifyRequest, reply: FastifyReply, routes: readonly Route[]): FastifyReply {
  const path = new URL(request.url, 'http://x').pathname;
  const methods = allowed(path, routes);
  if (methods.length === 0) return bootAnswer(request, reply, 404, 'No message available');
  reply.header('allow', methods.join(','));
  if (request.method === 'OPTIONS') return reply.code(200).header('content-length', 0).send();
  throw problem('METHOD_UNSUPPORTED', { method: request.method });
}

/** In the form of Spring Boot: of resources that do not exist nobody expects the API's envelope. */
function bootAnswer(request: FastifyRequest, reply: FastifyReply, status: number, message: string): FastifyReply {
  const ranges = acceptedRanges(request.headers.accept);
  const [first = '*/*'] = ranges;
  if (first.startsWith('text/')) return reply.code(status).type('text/html;charset=UTF-8').send(errorPage(status, message));
  const type = mediaType(ranges) ?? (first.endsWith('json') ? first : 'application/hal+json');
  const path = new URL(request.url, 'http://x').pathname;
  return reply
    .code(status)
    .header('content-type', type)
    .send(jsonBytes(bootError(status, message, path)));
}

/** The methods of a path, as an `Allow` header names them. */
function allowed(path: string, routes: readonly Route[]): readonly string[] {
  const parts = path.split('/').filter(Boolean);
  const methods = new Set<string>();
  for (const route of routes) {
    const pattern = route.path.split('/').filter(Boolean);
    if (pattern.length !== parts.length || !pattern.every((part, i) => part.startsWith(':') || part === parts[i])) continue;
    methods.add(route.method);
    if (route.method === 'GET') methods.add('HEAD');
  }
  return methods.size === 0 ? [] : [...methods, 'OPTIONS'];
}

/** As bytes: to text the HTTP layer would add a character set, which clients of JSON do not expect. */
function jsonBytes(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
