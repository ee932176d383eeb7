import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { RabbitBinderOptions } from '../options.ts';
import type { SpringNames } from './spring-names.ts';

const ssl = 'spring.rabbitmq.ssl';

/** TLS as Spring Boot is told of it: by a bundle of PEM files, or by stores. `UNSUPPORTED` for what has no counterpart here. */
export function securityOf(names: SpringNames): Pick<RabbitBinderOptions, 'tls' | 'external'> {
  const bundle = names.get(`${ssl}.bundle`);
  const enabled = names.get(`${ssl}.enabled`)?.toLowerCase();
  const external = externalOf(names);
  if (enabled === 'false' || (enabled === undefined && bundle === undefined)) return external;
  return {
    ...external,
    tls: {
      ...(bundle === undefined ? storesOf(names) : bundleOf(names, bundle)),
      ...(names.get(`${ssl}.validate-server-certificate`)?.toLowerCase() === 'false' ? { rejectUnauthorized: false } : {}),
      ...(names.get(`${ssl}.verify-hostname`)?.toLowerCase() === 'false' ? { checkServerIdentity: () => undefined } : {}),
    },
  };
}

/** Spring Boot has no property for it; its applications set the mechanism in code, and this one's name is ours. */
function externalOf(names: SpringNames): Pick<RabbitBinderOptions, 'external'> {
  const mechanism = names.find('spring.rabbitmq.sasl-mechanism', 'spring.rabbitmq.sasl-config');
  if (mechanism === undefined) return {};
  if (/^external$/i.test(mechanism.text)) return { external: true };
  if (/^plain$/i.test(mechanism.text)) return {};
  throw raise('PROPERTY_UNSUPPORTED', { name: mechanism.name, value: mechanism.text, next: 'use PLAIN or EXTERNAL' });
}

function bundleOf(names: SpringNames, bundle: string): TlsOptions {
  const at = (name: string): string => `spring.ssl.bundle.pem.${bundle}.${name}`;
  if (names.get(`spring.ssl.bundle.jks.${bundle}.truststore.location`) !== undefined)
    throw raise('PROPERTY_UNSUPPORTED', {
      name: `spring.ssl.bundle.jks.${bundle}`,
      value: 'jks',
      next: 'export it as PEM (keytool, openssl)',
    });
  const part = (option: 'ca' | 'cert' | 'key', name: string): TlsOptions => {
    const found = names.find(at(name));
    return found === undefined ? {} : { [option]: pemOf(found.name, found.text) };
  };
  const passphrase = names.get(at('keystore.private-key-password'));
  return {
    ...part('ca', 'truststore.certificate'),
    ...part('cert', 'keystore.certificate'),
    ...part('key', 'keystore.private-key'),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function storesOf(names: SpringNames): TlsOptions {
  const trust = storeOf(names, 'trust-store', ['PEM']);
  const keys = storeOf(names, 'key-store', ['PEM', 'PKCS12']);
  const passphrase = names.get(`${ssl}.key-store-password`);
  const own = keys === undefined ? {} : keys.type === 'PKCS12' ? { pfx: keys.content } : { key: keys.content, cert: keys.content };
  return { ...(trust === undefined ? {} : { ca: trust.content }), ...own, ...(passphrase === undefined ? {} : { passphrase }) };
}

function storeOf(names: SpringNames, store: 'trust-store' | 'key-store', supported: readonly string[]) {
  const location = names.find(`${ssl}.${store}`);
  if (location === undefined) return undefined;
  const typeName = `${ssl}.${store}-type`;
  const type = (names.get(typeName) ?? (store === 'key-store' ? 'PKCS12' : 'JKS')).toUpperCase();
  if (!supported.includes(type))
    throw raise('PROPERTY_UNSUPPORTED', {
      name: typeName,
      value: type,
      next: `export it (keytool, openssl) and set it to ${supported.join(' or ')}`,
    });
  return { type, content: fileAt(location.name, location.text) };
}

/** A certificate or key as it stands, or the file that holds it. */
function pemOf(name: string, text: string): string | Buffer {
  return text.includes('-----BEGIN') ? text : fileAt(name, text);
}

function fileAt(name: string, location: string): Buffer {
  try {
    return readFileSync(location.replace(/^file:(\/\/)?/, ''));
  } catch (error) {
    throw raise('PROPERTY_INVALID', { name, value: location, expected: `it cannot be read: ${messageOf(error)}` }, error);
  }
}
