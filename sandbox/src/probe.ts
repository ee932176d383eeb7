import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const answerMs = 2_000;

/**
 * Sends bytes to a port of this machine and resolves with the beginning of the answer, as Latin-1 text; `undefined` where nobody
 * answers. With an empty `request` it resolves with '' as soon as the connection stands.
 */
export async function exchange(port: number, request: string, ca?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket =
      ca === undefined
        ? connect(port, '127.0.0.1')
        : connectTls({ port, host: '127.0.0.1', ca: readFileSync(ca), timeout: answerMs });
    const done = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, () => done(undefined));
    socket.once('error', () => done(undefined)).once('close', () => done(undefined));
    socket.once('data', (data) => done(data.toString('latin1')));
    socket.once(ca === undefined ? 'connect' : 'secureConnect', () =>
      request === '' ? done('') : socket.write(request, 'latin1'),
    );
  });
}

/** The body of a page of this machine, `undefined` unless it is answered with 200. */
export async function fetchPage(url: string, credentials: string, ca?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      auth: credentials,
      timeout: answerMs,
      agent: false as const,
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    };
    const request = (url.startsWith('https:') ? httpsGet : httpGet)(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.once('end', () => resolve(response.statusCode === 200 ? body : undefined)).once('error', () => resolve(undefined));
    });
    request.once('timeout', () => request.destroy()).once('error', () => resolve(undefined));
  });
}
