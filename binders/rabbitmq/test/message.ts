import type { ConsumeMessage, MessageProperties } from 'amqplib';

type Properties = Partial<Omit<MessageProperties, 'headers'>> & { readonly headers?: Readonly<Record<string, unknown>> };

/** A message as the client library hands it over. */
export function received(content: string | Buffer, properties: Properties = {}, redelivered = false): ConsumeMessage {
  const fields = { deliveryTag: 1, redelivered, exchange: 'd', routingKey: 'd', consumerTag: 'c' };
  return { content: Buffer.from(content), fields, properties: { headers: {}, ...properties } as unknown as MessageProperties };
}
