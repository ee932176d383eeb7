import { expect, test } from 'vitest';
import { forwardHeaders } from '../../src/policies/forward-headers.ts';

test('everything travels but what belongs to the transport, to failures and to the one message', () => {
  const own = {
    colour: 'red',
    correlationId: 'c',
    traceparent: 't',
    tracestate: 's',
    ce_type: 'x',
    'my-kafka_thing': 1,
    partitionKey: 'p',
  };
  const others = {
    kafka_receivedTopic: 1,
    amqp_deliveryTag: 1,
    scst_partition: 1,
    'x-exception-message': 1,
    'x-original-topic': 1,
    'x-death': 1,
    'x-first-death-queue': 1,
    contentType: 'a/b',
    mr_id: 'i',
    mr_replyTo: 'r',
    mr_attempts: 2,
    mr_error_code: 'INTERNAL',
    mr_original_group: 'g',
    mr_redrive_id: 'x',
    deliveryAttempt: 1,
    'spring.cloud.stream.sendto.destination': 'x',
  };
  expect(forwardHeaders({ headers: { ...others, ...own } })).toEqual(own);
});
