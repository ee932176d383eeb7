import type { FastifyRequest } from 'fastify';

/** Where the server is for this client: what a proxy says in `X-Forwarded-*`, else the `Host` that was asked. */
export function baseOf(request: FastifyRequest): string {
  const { headers } = request;
  const forwarded = (name: string): string | undefined => {
    const value = headers[`x-forwarded-${name}`];
    return (typeof value === 'string' ? value : value?.[0])?.split(',')[0]?.trim() || undefined;
  };
  const scheme = forwarded('proto') ?? 'http';
  const host = withPort(forwarded('host') ?? headers.host ?? 'localhost', forwarded('port'), scheme);
  const prefix = (forwarded('prefix') ?? '').replace(/\/+$/, '');
  return `${scheme}://${host}${prefix}`;
}

function withPort(host: string, port: string | undefined, scheme: string): string {
  const usual = scheme === 'https' ? '443' : '80';
  const bare = port === undefined ? host : `${host.replace(/:\d+$/, '')}:${port}`;
  return bare.endsWith(`:${usual}`) ? bare.slice(0, -usual.length - 1) : bare;
}
