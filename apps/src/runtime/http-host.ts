import { messageOf } from '@millrace/core';
import { appError } from '../errors.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request, or returns false to leave it to others. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A handler that was added to a server. */
export interface HttpListener {
  readonly port: number;
  /** Takes the handler off; the server ends with its last handler, once the requests it is answering are done. */
  close(): Promise<void>;
}

interface SharedServer {
  readonly server: Server;
  readonly handlers: Set<HttpHandler>;
  readonly ready: Promise<number>;
}

/** The HTTP servers of a process: handlers for the same address share one. */
export class HttpHost {
  readonly #servers = new Map<string, SharedServer>();
  readonly #onError: (error: unknown) => void;

  /** `onError` hears of handlers that failed; their requests are answered with 500. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Adds a handler. Port 0 picks a free one, shared by all who ask for 0 on this host. Rejects with `PORT_TAKEN` or `LISTEN_FAILED`. */
  async listen(address: { readonly port: number; readonly host: string }, handler: HttpHandler): Promise<HttpListener> {
    const name = `${address.host}:${address.port}`;
    // Loaded on demand: it takes longer than the rest of a pipeline, most of which listen to nothing.
    const { createServer } = await import('node:http');
    const shared = this.#servers.get(name) ?? this.#open(name, address, createServer);
    shared.handlers.add(handler);
    const port = await shared.ready;
    return { port, close: () => this.#remove(name, shared, handler) };
  }

  #open(
    name: string,
    address: { readonly port: number; readonly host: string },
    createServer: typeof import('node:http').createServer,
  ): SharedServer {
    const handlers = new Set<HttpHandler>();
    const server = createServer((request, response) => void this.#answer(handlers, request, response));
    const ready = new Promise<number>((resolve, reject) => {
      server.once('error', (error) => {
        this.#servers.delete(name);
        reject(listenError(error, address));
      });
      server.listen(address.port, address.host, () => resolve((server.address() as AddressInfo).port));
    });
    const shared = { server, handlers, ready };
    this.#servers.set(name, shared);
    return shared;
  }

  async #answer(handlers: ReadonlySet<HttpHandler>, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      for (const handler of handlers) if (await handler(request, response)) return;
      sendJson(response, 404, { error: `There is nothing at ${request.url}.` });
    } catch (error) {
      this.#onError(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'The request could not be answered; see the log.' });
    }
  }

  async #remove(name: string, shared: SharedServer, handler: HttpHandler): Promise<void> {
    shared.handlers.delete(handler);
    if (shared.handlers.size > 0 || this.#servers.get(name) !== shared) return;
    this.#servers.delete(name);
    await new Promise<void>((resolve) => {
      shared.server.close(() => resolve());
      shared.server.closeIdleConnections();
    });
  }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown, type = 'application/json'): true {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
  return true;
}

function listenError(error: Error, address: { readonly port: number; readonly host: string }): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return appError('PORT_TAKEN', { ...address }, error);
  return appError('LISTEN_FAILED', { ...address, problem: messageOf(error) }, error);
}
