import { raise } from '../errors.ts';

/** What a token is asked with, by the client credentials grant of OAuth 2. */
export interface ClientCredentials {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
}

/** Gets a token from the identity provider; kept until shortly before it expires. */
export function tokenFrom(credentials: ClientCredentials): () => Promise<string> {
  let known: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    if (known !== undefined && performance.now() < known.until) return known.token;
    const { token, lifetimeMs } = await askForToken(credentials);
    known = { token, until: performance.now() + 0.8 * lifetimeMs };
    return token;
  };
}

async function askForToken({ endpoint, clientId, clientSecret, scope }: ClientCredentials) {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  const answer = await fetch(endpoint, { method: 'POST', headers: { authorization }, body, signal: AbortSignal.timeout(10_000) });
  const content = (await answer.json().catch(() => ({}))) as { access_token?: unknown; expires_in?: unknown };
  if (!answer.ok || typeof content.access_token !== 'string') throw raise('TOKEN_REFUSED', { endpoint, status: answer.status });
  const seconds = typeof content.expires_in === 'number' ? content.expires_in : 60;
  return { token: content.access_token, lifetimeMs: 1000 * seconds };
}

/** A token without signature, which brokers accept in development only. */
export function unsecuredToken(subject: string): () => string {
  return () => {
    const now = Math.floor(Date.now() / 1000);
    return `${encoded({ alg: 'none' })}.${encoded({ sub: subject, iat: now, exp: now + 3600 })}.`;
  };
}

function encoded(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}
