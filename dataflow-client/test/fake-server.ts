import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A request that came, with its body as it was. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is answered to `METHOD /path?query`: a body, or a status with a body. */
export type Answers = Readonly<Record<string, unknown>>;

/** An HTTP server that answers what a test says, in the shapes that Spring Cloud Data Flow 2.11.5 has, and keeps what came. */
export class FakeServer implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly uri: string;
  readonly #close: () => Promise<void>;

  private constructor(uri: string, close: () => Promise<void>) {
    this.uri = uri;
    this.#close = close;
  }

  static async start(answers: Answers): Promise<FakeServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const fake = new FakeServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        fake.received.push({ method, url, headers, body });
        const found = answers[`${method} ${url}`] ?? missing;
        const { status = 200, json } = found instanceof Answer ? found : { json: found };
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(json === undefined ? '' : JSON.stringify(json));
      });
    });
    return fake;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** An answer with a status of its own. */
export class Answer {
  readonly status: number;
  readonly json: unknown;

  constructor(status: number, json?: unknown) {
    this.status = status;
    this.json = json;
  }
}

/** The error envelope. */
export function problem(status: number, logref: string, message: string): Answer {
  return new Answer(status, { _embedded: { errors: [{ message, logref, _links: { self: { href: '/' } } }] } });
}

const missing = problem(404, 'NoAnswerException', 'the test has no answer for this');

/** A page that is the whole list. */
export function page(key: string, items: readonly unknown[]): unknown {
  const embedded = items.length === 0 ? {} : { _embedded: { [key]: items } };
  return { ...embedded, _links: {}, page: { size: 2000, totalElements: items.length, totalPages: 1, number: 0 } };
}
