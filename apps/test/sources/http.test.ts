import { describe, expect, it } from 'vitest';
import { http } from '../../src/sources/http.ts';
import { source } from '../harness.ts';
import type { RunningSource } from '../harness.ts';

async function address({ logged }: RunningSource): Promise<string> {
  for (;;) {
    const found = /Listening on (http:\/\/[^/]+)/.exec(logged.join(''));
    if (found) return found[1]!;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function start(options: Record<string, unknown> = {}, settings: Parameters<typeof source>[2] = {}) {
  const running = source(http, { 'server.port': '0', ...options }, settings);
  return { ...running, url: await address(running) };
}

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers });

describe('http source', () => {
  it('refuses to be asked for authentication that it does not do', async () => {
    const { ended } = source(http, { 'server.port': '0', 'spring.cloud.streamapp.security.enabled': 'true' });
    await expect(ended).rejects.toMatchObject({ code: 'UNSUPPORTED', reason: 'UNSUPPORTED_OPTION' });
  });

  it('answers 202 and emits the body as text with its content type', async () => {
    const { url, seen } = await start();
    const response = await post(url, '{"a":1}', { 'content-type': 'application/json', 'user-agent': 'test', 'x-own': '1' });
    expect(response.status).toBe(202);
    expect(seen[0]).toMatchObject({ payload: '{"a":1}', contentType: 'application/json' });
    expect(seen[0]!.headers).toMatchObject({ 'User-Agent': 'test', http_requestMethod: 'POST', http_requestUrl: `${url}/` });
    expect(seen[0]!.headers).not.toHaveProperty('x-own');
  });

  it('answers only when the pipeline has the message', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { url, count } = await start({}, { take: () => promise });
    let answered = false;
    const response = post(url, 'x').then((each) => ((answered = true), each));
    await count(1);
    expect(answered).toBe(false);
    resolve();
    expect((await response).status).toBe(202);
  });

  it('answers 503 with Retry-After when the pipeline cannot take the message', async () => {
    const { url } = await start({}, { take: () => Promise.reject(new Error('no')) });
    const response = await post(url, 'x');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  });

  it('answers 503 beyond the requests that it takes at once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { url, count } = await start({ 'http.supplier.max-requests': '1' }, { take: () => promise });
    const first = post(url, 'x');
    await count(1);
    expect((await post(url, 'y')).status).toBe(503);
    resolve();
    expect((await first).status).toBe(202);
  });

  it('answers 413 for bodies beyond the limit, announced or not', async () => {
    const { url, seen } = await start({ 'http.supplier.max-body-size': '10' });
    expect((await post(url, 'x'.repeat(11))).status).toBe(413);
    const body = new Blob(['x'.repeat(11)]).stream();
    const streamed = await fetch(url, { method: 'POST', body, duplex: 'half' });
    expect(streamed.status).toBe(413);
    expect((await post(url, 'x'.repeat(10))).status).toBe(202);
    expect(seen).toHaveLength(1);
  });

  it('keeps bytes that are not text as bytes', async () => {
    const { url, seen } = await start();
    await post(url, new Uint8Array([0xff, 0xd8]), { 'content-type': 'image/jpeg' });
    await post(url, new Uint8Array([0xff, 0xd8]), { 'content-type': 'application/json' });
    await post(url, new Uint8Array([0xe9]), { 'content-type': 'text/plain; charset=iso-8859-1' });
    expect(seen.map((message) => message.payload)).toEqual([Buffer.from([0xff, 0xd8]), Buffer.from([0xff, 0xd8]), 'é']);
  });

  it('relabels a form as JSON', async () => {
    const { url, seen } = await start();
    await post(url, 'a=1&a=2&b=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(seen[0]!.contentType).toBe('application/json');
    expect(seen[0]!.text()).toBe('{"a":["1","2"],"b":["x"]}');
  });

  it('serves its path pattern only, and only POST', async () => {
    const { url, seen } = await start({ 'http.supplier.path-pattern': '/orders/*' });
    expect((await post(`${url}/orders/7?x=1`, 'x')).status).toBe(202);
    expect((await post(url, 'x')).status).toBe(404);
    expect((await post(`${url}/orders/7/8`, 'x')).status).toBe(404);
    const get = await fetch(`${url}/orders/7`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(seen).toHaveLength(1);
  });

  it('maps the headers that patterns name, but credentials only by name', async () => {
    const { url, seen } = await start({ 'http.supplier.mapped-request-headers': 'X-*,authorization' });
    await post(url, 'x', { 'x-own': '1', authorization: 'Basic abc', cookie: 'a=b', 'user-agent': 'test' });
    expect(seen[0]!.headers).toMatchObject({ 'x-own': '1', authorization: 'Basic abc' });
    expect(Object.keys(seen[0]!.headers)).not.toContain('User-Agent');
    const all = await start({ 'http.supplier.mapped-request-headers': '*' });
    await post(all.url, 'x', { 'x-own': '1', authorization: 'Basic abc' });
    expect(Object.keys(all.seen[0]!.headers)).not.toContain('authorization');
    const standard = await start();
    await post(standard.url, 'x', { authorization: 'Basic abc' });
    expect(Object.keys(standard.seen[0]!.headers)).not.toContain('Authorization');
  });

  it('lets browsers of allowed origins in', async () => {
    const { url } = await start({ 'http.supplier.cors.allowed-origins': 'http://a.example' });
    const preflight = (origin: string) =>
      fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-headers': 'content-type' } });
    const allowed = await preflight('http://a.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://a.example');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('content-type');
    expect((await preflight('http://b.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('listens on loopback by default', async () => {
    const { url } = await start();
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });
});
