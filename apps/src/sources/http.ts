import { defineOptions, messageOf, option } from '@millrace/core';
import { isTextual } from '@millrace/messaging/policies';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppContext } from '../runtime/context.ts';
import { appError } from '../errors.ts';
import { defineSource } from '../runtime/define.ts';
import { sendJson } from '../runtime/http-host.ts';
import { message } from '../runtime/message.ts';
import type { AppMessage } from '../runtime/message.ts';
import { headerMapper, standardRequestHeaders } from './http-headers.ts';
import { pathPattern } from './path-pattern.ts';

const options = defineOptions({
  port: option.int('server.port', { doc: 'The port to listen on; 0 picks a free one.', default: 8080, min: 0, max: 65_535 }),
  address: option.string('server.address', {
    doc: 'The address to listen on; anything but loopback opens the source to others.',
    default: '127.0.0.1',
  }),
  pathPattern: option.string('http.supplier.path-pattern', { doc: 'The URL path, with *, ** and {name}.', default: '/' }),
  mappedRequestHeaders: option.list('http.supplier.mapped-request-headers', {
    doc: 'Request headers that become message headers; * stands for anything.',
    default: [standardRequestHeaders],
    defaultText: 'all standard HTTP request headers',
  }),
  allowedOrigins: option.list('http.supplier.cors.allowed-origins', {
    doc: 'Origins that browsers may send from.',
    default: ['*'],
  }),
  allowedHeaders: option.list('http.supplier.cors.allowed-headers', { doc: 'Headers that browsers may send.', default: ['*'] }),
  allowCredentials: option.boolean('http.supplier.cors.allow-credentials', { doc: 'Whether browsers may send credentials.' }),
  maxBodySize: option.int('http.supplier.max-body-size', {
    doc: 'The largest request body; larger ones are answered with 413.',
    default: 10_485_760,
    min: 1,
    unit: 'bytes',
  }),
  maxRequests: option.int('http.supplier.max-requests', {
    doc: 'Requests under way, at most; further ones are answered with 503 and Retry-After.',
    default: 1000,
    min: 1,
  }),
  security: option.boolean('spring.cloud.streamapp.security.enabled', {
    doc: 'Requests are not authenticated: true is refused.',
    default: false,
  }),
});

type Context = AppContext<typeof options>;

export const http = defineSource({
  name: 'http',
  description: 'Takes HTTP POST requests, one message each.',
  example: 'http --port=9000 --path-pattern=/orders | log',
  options,
  differences: [
    {
      what: 'Listens on loopback unless server.address says otherwise.',
      why: 'An endpoint without authentication must be opened on purpose.',
    },
    {
      what: '202 is sent when the pipeline, up to a durable destination, has the message.',
      why: 'An accepted request must not be lost.',
    },
    {
      what: 'Limits on body size and on requests under way; 413 and 503.',
      why: 'Memory stays bounded and back-pressure reaches the client.',
    },
    {
      what: 'Authorization, Proxy-Authorization and Cookie are mapped only by name.',
      why: 'Credentials must not travel through a pipeline by accident.',
    },
  ],
  async start(_emit, context) {
    const { options: given, signal, logger } = context;
    if (given.security) {
      const rule = 'is not supported; leave it out and let a proxy in front of the source authenticate';
      throw appError('UNSUPPORTED_OPTION', { option: options.security.name, app: 'http', rule });
    }
    const endpoint = new Endpoint(context);
    const listener = await context.listen({ port: given.port, host: given.address }, (request, response) =>
      endpoint.answer(request, response),
    );
    logger.log('INFO', `Listening on http://${given.address}:${listener.port}${given.pathPattern}`);
    if (!signal.aborted) await once(signal, 'abort');
    await listener.close();
  },
});

class Endpoint {
  readonly #context: Context;
  readonly #path: RegExp;
  readonly #mapHeaders: ReturnType<typeof headerMapper>;
  #underway = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#path = pathPattern(context.options.pathPattern);
    this.#mapHeaders = headerMapper(context.options.mappedRequestHeaders);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!this.#path.test(new URL(request.url ?? '/', 'http://localhost').pathname)) return false;
    this.#allowOrigin(request, response);
    if (request.method === 'OPTIONS') return end(response, 204);
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST, OPTIONS');
      return sendJson(response, 405, { error: 'Send messages with POST.' });
    }
    if (this.#underway >= this.#context.options.maxRequests) return busy(response, 'Too many requests are under way.');
    this.#underway++;
    try {
      return await this.#accept(request, response);
    } finally {
      this.#underway--;
    }
  }

  async #accept(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const body = await readBody(request, this.#context.options.maxBodySize);
    if (body === 'aborted') return true;
    if (body === 'too large') {
      response.setHeader('connection', 'close');
      return sendJson(response, 413, { error: `The body is larger than ${this.#context.options.maxBodySize} bytes.` });
    }
    try {
      await this.#context.offer(this.#message(request, body));
    } catch (error) {
      this.#context.logger.log('WARN', `A request could not be taken: ${messageOf(error)}`);
      return busy(response, 'The message could not be taken; send it again later.');
    }
    return end(response, 202);
  }

  #message(request: IncomingMessage, body: Buffer): AppMessage {
    const headers = {
      ...this.#mapHeaders(request.headers),
      http_requestMethod: request.method ?? 'POST',
      http_requestUrl: `http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`,
    };
    const contentType = request.headers['content-type'] ?? 'application/json';
    const now = this.#context.clock.now();
    if (contentType.startsWith('application/x-www-form-urlencoded')) {
      return message(formFields(body), { headers, contentType: 'application/json' }, now);
    }
    return message(isTextual(contentType) ? decoded(body, contentType) : body, { headers, contentType }, now);
  }

  #allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers;
    const { allowedOrigins, allowedHeaders, allowCredentials } = this.#context.options;
    if (origin === undefined || !(allowedOrigins.includes('*') || allowedOrigins.includes(origin))) return;
    response.setHeader('access-control-allow-origin', allowedOrigins.includes('*') && allowCredentials !== true ? '*' : origin);
    response.setHeader('vary', 'origin');
    response.setHeader('access-control-allow-methods', 'POST');
    const requested = request.headers['access-control-request-headers'];
    const headers = allowedHeaders.includes('*') ? requested : allowedHeaders.join(', ');
    if (headers !== undefined) response.setHeader('access-control-allow-headers', headers);
    if (allowCredentials === true) response.setHeader('access-control-allow-credentials', 'true');
  }
}

function end(response: ServerResponse, status: number): true {
  response.writeHead(status, { 'content-length': 0 });
  response.end();
  return true;
}

function busy(response: ServerResponse, error: string): true {
  response.setHeader('retry-after', '1');
  return sendJson(response, 503, { error });
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'aborted'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return 'too large';
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return 'too large';
      chunks.push(chunk);
    }
  } catch {
    return 'aborted'; // The client went away: there is nobody to tell, and nothing was taken.
  }
  return Buffer.concat(chunks);
}

// Bytes that are not what their content type claims stay bytes, so that nothing is lost.
function decoded(body: Buffer, contentType: string): string | Uint8Array {
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return body;
  }
}

function formFields(body: Buffer): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) (fields[name] ??= []).push(value);
  return fields;
}
