import { raise } from '../errors.ts';

/** A node of the server. */
export interface Address {
  readonly host: string;
  readonly port: number | undefined;
}

/** What addresses say; credentials, virtual host and TLS only where they are URLs. */
export interface Addresses {
  readonly addresses: readonly Address[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly virtualHost?: string | undefined;
  readonly tls: boolean;
}

const example = "give 'host:port' or 'amqp://user:password@host:port/vhost'";

/** Reads addresses as Spring and RabbitMQ write them, several with commas. All of them share what the first says beside host and port. */
export function addressesOf(written: string | readonly string[]): Addresses {
  const texts = (typeof written === 'string' ? written.split(',') : written)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const all = texts.map(parsed);
  const [first] = all;
  if (first === undefined) throw raise('OPTION_INVALID', { name: 'addresses', value: `'${String(written)}'`, expected: example });
  const { username, password, virtualHost, tls } = first;
  return { addresses: all.map(({ host, port }) => ({ host, port })), username, password, virtualHost, tls };
}

function parsed(text: string): Address & Omit<Addresses, 'addresses'> {
  const invalid = (cause?: unknown) =>
    raise('OPTION_INVALID', { name: 'addresses', value: `'${masked(text)}'`, expected: example }, cause);
  let url: URL;
  try {
    url = new URL(/^amqps?:\/\//.test(text) ? text : `amqp://${text}`);
  } catch (error) {
    throw invalid(error);
  }
  if (url.hostname === '') throw invalid();
  const path = url.pathname.slice(1);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    virtualHost: path === '' ? undefined : decodeURIComponent(path),
    tls: url.protocol === 'amqps:',
  };
}

/** Passwords must not get into messages. */
function masked(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@');
}
