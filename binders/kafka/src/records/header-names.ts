import { headerNames } from '@millrace/messaging/binder';
import type { HeaderValue } from '@millrace/messaging/binder';

/** Where Spring lists the Java classes of the other headers. */
export const javaTypes = 'spring_json_header_types';
/** Where this binder keeps the values that Spring's form does not bring back exactly. Others take it for bytes of no meaning. */
export const exactValues = 'mr_exact_headers';

/** Text that is never listed and always text. */
export const rawTexts: ReadonlySet<string> = new Set([
  'b3',
  'traceparent',
  'X-B3-TraceId',
  'X-B3-SpanId',
  'X-B3-Sampled',
  'X-B3-Flags',
  'kafka_listenerInfo',
]);

/** How a header of a dead letter lies on the wire, beside what is listed. `undefined` for what does not have that form. */
export interface FailureEncoding {
  write(value: HeaderValue): Buffer | undefined;
  read(bytes: Buffer): HeaderValue | undefined;
}

const asText: FailureEncoding = {
  write: (value) => (typeof value === 'string' ? Buffer.from(value) : undefined),
  read: (bytes) => bytes.toString(),
};

const asInt32: FailureEncoding = {
  write(value) {
    if (typeof value !== 'number' || value !== (value | 0)) return undefined;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  read: (bytes) => (bytes.length === 4 ? bytes.readInt32BE(0) : undefined),
};

const asInt64: FailureEncoding = {
  write(value) {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined;
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(BigInt(value));
    return bytes;
  },
  read: (bytes) => (bytes.length === 8 ? Number(bytes.readBigInt64BE(0)) : undefined),
};

export const originTimestampType = 'x-original-timestamp-type';

/** The headers that Spring's binder adds to a dead letter. They are not listed with a class. */
export const failureEncodings: ReadonlyMap<string, FailureEncoding> = new Map([
  [headerNames.originDestination, asText],
  [headerNames.originPartition, asInt32],
  [headerNames.originOffset, asInt64],
  [headerNames.originTimestamp, asInt64],
  [originTimestampType, asText],
  [headerNames.exceptionType, asText],
  [headerNames.exceptionMessage, asText],
  [headerNames.exceptionStack, asText],
]);
