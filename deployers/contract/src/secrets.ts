import { messageOf } from '@millrace/core';
import { deployerError } from './errors.ts';
import type { AppSpec, DeploymentRequest } from './request.ts';

/** Gives the value of a secret at the moment of a launch. */
export type SecretResolver = (name: string) => Promise<string>;

const reference = /\$\{secret:([^{}]+)\}/g;

/** The names of all secrets that a request refers to, each once. */
export function secretNames(request: DeploymentRequest): readonly string[] {
  const texts = [...request.apps.flatMap(({ properties }) => Object.values(properties)), ...(request.arguments ?? [])];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(reference)].map(([, name]) => name!)))];
}

/**
 * The request with every `${secret:NAME}` in properties of apps and in arguments replaced: for launching, never for keeping or
 * showing. Throws `SECRET_UNAVAILABLE`, which names the secret.
 */
export async function withSecrets(id: string, request: DeploymentRequest, resolver?: SecretResolver): Promise<DeploymentRequest> {
  const values = new Map<string, string>();
  for (const name of secretNames(request)) values.set(name, await secretOf(id, name, resolver));
  if (values.size === 0) return request;
  const replaced = (text: string) => text.replace(reference, (_, name: string) => values.get(name)!);
  const [first, ...rest] = request.apps.map((app): AppSpec => {
    const properties = Object.entries(app.properties).map(([name, value]) => [name, replaced(value)] as const);
    return { ...app, properties: Object.fromEntries(properties) };
  });
  return { ...request, apps: [first!, ...rest], arguments: (request.arguments ?? []).map(replaced) };
}

async function secretOf(id: string, secret: string, resolver: SecretResolver | undefined): Promise<string> {
  if (resolver === undefined) throw deployerError('SECRET_UNAVAILABLE', { id, secret, problem: 'there is no store of secrets' });
  try {
    return await resolver(secret);
  } catch (error) {
    throw deployerError('SECRET_UNAVAILABLE', { id, secret, problem: messageOf(error) }, error);
  }
}
