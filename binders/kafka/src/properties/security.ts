import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { KafkaBinderOptions, SaslOptions } from '../options.ts';
import { parseJaas } from './jaas.ts';
import type { JaasLogin } from './jaas.ts';
import { tokenFrom, unsecuredToken } from './oauth-token.ts';

type Properties = ReadonlyMap<string, string>;

/** TLS and SASL as Kafka's clients are told of them. Throws `UNSUPPORTED` for what has no counterpart here. */
export function securityOf(properties: Properties): Pick<KafkaBinderOptions, 'tls' | 'sasl'> {
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').toUpperCase();
  if (!/^(SASL_)?(PLAINTEXT|SSL)$/.test(protocol))
    throw raise('PROPERTY_INVALID', {
      name: 'security.protocol',
      value: protocol,
      expected: 'use PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL',
    });
  return {
    ...(protocol.endsWith('SSL') ? { tls: tlsOf(properties) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(properties) } : {}),
  };
}

function tlsOf(properties: Properties): TlsOptions {
  const algorithm = properties.get('ssl.endpoint.identification.algorithm');
  return {
    ...trustOf(properties),
    ...keysOf(properties),
    // Java's way of asking for no check of the host's name.
    ...(algorithm?.trim() === '' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function trustOf(properties: Properties): TlsOptions {
  const certificates = properties.get('ssl.truststore.certificates');
  if (certificates !== undefined) return { ca: certificates };
  const location = properties.get('ssl.truststore.location');
  if (location === undefined) return {};
  checkStore(properties, 'ssl.truststore.type', ['PEM']);
  return { ca: fileAt('ssl.truststore.location', location) };
}

function keysOf(properties: Properties): TlsOptions {
  const passphrase = properties.get('ssl.key.password') ?? properties.get('ssl.keystore.password');
  const secret = passphrase === undefined ? {} : { passphrase };
  const [key, cert] = [properties.get('ssl.keystore.key'), properties.get('ssl.keystore.certificate.chain')];
  if (key !== undefined && cert !== undefined) return { key, cert, ...secret };
  const location = properties.get('ssl.keystore.location');
  if (location === undefined) return {};
  const store = fileAt('ssl.keystore.location', location);
  if (checkStore(properties, 'ssl.keystore.type', ['PEM', 'PKCS12']) === 'PKCS12') return { pfx: store, ...secret };
  // One file holds the key, then the certificate.
  return { key: store, cert: store, ...secret };
}

function checkStore(properties: Properties, name: string, supported: readonly string[]): string {
  const value = (properties.get(name) ?? 'JKS').toUpperCase();
  if (supported.includes(value)) return value;
  const next = `export it (keytool, openssl) and set it to ${supported.join(' or ')}`;
  throw raise('PROPERTY_UNSUPPORTED', { name, value, next });
}

function fileAt(name: string, location: string): Buffer {
  try {
    return readFileSync(location.replace(/^file:(\/\/)?/, ''));
  } catch (error) {
    throw raise('PROPERTY_INVALID', { name, value: location, expected: `it cannot be read: ${messageOf(error)}` }, error);
  }
}

function saslOf(properties: Properties): SaslOptions {
  const mechanism = (properties.get('sasl.mechanism') ?? 'GSSAPI').toUpperCase();
  const login = loginOf(properties);
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: tokenOf(properties, login) };
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512')
    throw raise('PROPERTY_UNSUPPORTED', {
      name: 'sasl.mechanism',
      value: mechanism,
      next: 'use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER',
    });
  return { mechanism, username: optionOf(login, 'username'), password: optionOf(login, 'password') };
}

/** The text may hold a password: errors do not repeat it. */
function loginOf(properties: Properties): JaasLogin {
  const login = parseJaas(properties.get('sasl.jaas.config') ?? '');
  if (login === undefined)
    throw raise('PROPERTY_INVALID', {
      name: 'sasl.jaas.config',
      value: properties.has('sasl.jaas.config') ? '…' : '',
      expected: 'give \'<module> required username="…" password="…";\'',
    });
  return login;
}

function tokenOf(properties: Properties, login: JaasLogin): () => string | Promise<string> {
  const endpoint = properties.get('sasl.oauthbearer.token.endpoint.url');
  const subject = login.options.get('unsecuredLoginStringClaim_sub');
  if (endpoint === undefined && subject !== undefined) return unsecuredToken(subject);
  if (endpoint === undefined)
    throw raise('PROPERTY_INVALID', {
      name: 'sasl.oauthbearer.token.endpoint.url',
      value: '',
      expected: 'give the address of the identity provider',
    });
  return tokenFrom({
    endpoint,
    clientId: optionOf(login, 'clientId'),
    clientSecret: optionOf(login, 'clientSecret'),
    scope: login.options.get('scope'),
  });
}

function optionOf(login: JaasLogin, name: string): string {
  const value = login.options.get(name);
  if (value === undefined)
    throw raise('PROPERTY_INVALID', { name: 'sasl.jaas.config', value: '…', expected: `it has no '${name}'` });
  return value;
}
