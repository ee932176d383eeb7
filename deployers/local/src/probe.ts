import { get } from 'node:http';
import { connect } from 'node:net';

/** What asking an instance has shown. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** Where an instance is asked. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** Absent where it is enough that a connection is accepted. */
  readonly path?: string | undefined;
}

const shownBytes = 300;

/** Asks an instance how it is. Never rejects; what takes longer than `timeoutMs` counts as no answer. */
export async function probe(target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  return target.path === undefined ? probeConnection(target, timeoutMs) : probePath(target, target.path, timeoutMs);
}

function probeConnection({ host, port }: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => done({ ok: false, problem: `nobody answers on port ${port}` }));
    socket.once('error', (error) => done({ ok: false, problem: error.message }));
    socket.once('connect', () => done({ ok: true }));
  });
}

function probePath({ host, port }: ProbeTarget, path: string, timeoutMs: number): Promise<ProbeResult> {
  const url = `http://${host}:${port}${path.startsWith('/') ? path : `/${path}`}`;
  return new Promise((resolve) => {
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const done = (result: ProbeResult): void => {
      clearTimeout(late);
      resolve(result);
    };
    // A connection of its own: one that is kept would make the app wait for it at its end.
    const request = get(url, { agent: false, headers: { connection: 'close' } }, (response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (body.length < shownBytes) body += part;
      });
      response.once('error', (error) => done({ ok: false, problem: `${url}: ${error.message}` }));
      response.once('end', () =>
        done(status >= 200 && status < 300 ? { ok: true } : { ok: false, problem: answerShown(url, status, body) }),
      );
    });
    request.once('error', (error) => done({ ok: false, problem: `${url}: ${error.message}` }));
  });
}

function answerShown(url: string, status: number, body: string): string {
  return `${url} answers ${status}${body === '' ? '' : `: ${body.slice(0, shownBytes).trim()}`}`;
}
