import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Millrace } from '../client.ts';

/** A listening endpoint; `url` is its root. */
export interface OperationsServer extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text) and `/health` (JSON; status 503 when down) of a runtime. Listens on the loopback address unless
 * told otherwise: neither page asks who is reading. Port 0 chooses a free one.
 */
export async function serveOperations(
  runtime: Pick<Millrace, 'health' | 'metrics'>,
  options: { readonly port: number; readonly host?: string },
): Promise<OperationsServer> {
  const { port, host = '127.0.0.1' } = options;
  // HTTP costs every process 12 MB and more to load, and few of them serve it.
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => answer(runtime, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // The application decides how long the process lives.
  server.unref();
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, close, [Symbol.asyncDispose]: close };
}

function answer(runtime: Pick<Millrace, 'health' | 'metrics'>, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') respond(response, 405, 'text/plain', 'only GET is answered here\n');
  else if (path === '/metrics') respond(response, 200, 'text/plain; version=0.0.4; charset=utf-8', runtime.metrics());
  else if (path === '/health') {
    const health = runtime.health();
    respond(response, health.status === 'up' ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`);
  } else respond(response, 404, 'text/plain', 'here are /metrics and /health\n');
}

function respond(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body);
}
