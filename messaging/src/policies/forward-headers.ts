import { headerNames, type Headers } from '../binder/index.ts';
import { isFailureHeader } from './failure-headers.ts';

/** Headers that say how one message travelled or what it is; they mean nothing on another one. */
const own = new Set<string>([
  headerNames.contentType,
  headerNames.id,
  headerNames.replyTo,
  'id',
  'timestamp',
  'deliveryAttempt',
  'sourceData',
  'x-death',
  'retry-count',
]);
const ownPrefixes = ['kafka_', 'amqp_', 'scst_', 'x-first-death-', 'x-last-death-', 'spring.cloud.stream.sendto.'];

/**
 * The headers to copy onto what is made from a message, as Spring functions do: all but those of the transport (`kafka_*`, `amqp_*`,
 * `scst_*`), of failures (`x-exception-*`, `x-original-*`, `x-death`), and the message's own content type and identity.
 */
export function forwardHeaders(message: { readonly headers: Headers }): Headers {
  return Object.fromEntries(Object.entries(message.headers).filter(([name]) => travels(name)));
}

function travels(name: string): boolean {
  return !own.has(name) && !isFailureHeader(name) && !ownPrefixes.some((prefix) => name.startsWith(prefix));
}
