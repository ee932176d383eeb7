import { describe, expect, it } from 'vitest';
import { defaultBinderIn, namedBinder, springProperties } from '../src/spring-properties.ts';

describe('properties under Spring’s names', () => {
  it('come from the file, the environment, its JSON and the program, the strongest last', () => {
    const file = { spring: { kafka: { 'client-id': 'file', 'bootstrap-servers': 'file:9092' } } };
    const env = {
      SPRING_KAFKA_PROPERTIES_SASL_MECHANISM: 'PLAIN',
      SPRING_APPLICATION_JSON: '{"spring":{"kafka":{"client-id":"json"}}}',
      PATH: '/bin',
    };
    const properties = springProperties(file, env, { 'spring.rabbitmq.host': 'given' });
    expect(Object.fromEntries(properties)).toEqual({
      'spring.kafka.client-id': 'json',
      'spring.kafka.bootstrap-servers': 'file:9092',
      'spring.kafka.properties.sasl.mechanism': 'PLAIN',
      'spring.rabbitmq.host': 'given',
    });
  });

  it('name the default binder, in the spelling of an environment variable too', () => {
    expect(defaultBinderIn(springProperties(undefined, { SPRING_CLOUD_STREAM_DEFAULTBINDER: 'kafka' }, undefined))).toBe('kafka');
    expect(defaultBinderIn(springProperties(undefined, { SPRING_CLOUD_STREAM_DEFAULT_BINDER: 'kafka' }, undefined))).toBe('kafka');
    expect(defaultBinderIn(springProperties(undefined, {}, undefined))).toBeUndefined();
  });

  it('give a binder a type and an environment of its own', () => {
    const file = {
      'spring.cloud.stream.binders': {
        west: { type: 'kafka', environment: { spring: { kafka: { 'bootstrap-servers': 'west:9092' } } } },
        westend: { type: 'embedded' },
      },
    };
    const properties = springProperties(file, {}, undefined);
    expect(namedBinder(properties, 'west')).toEqual({
      type: 'kafka',
      environment: { 'spring.kafka.bootstrap-servers': 'west:9092' },
    });
    expect(namedBinder(properties, 'east')).toEqual({ type: undefined, environment: {} });
  });

  it.each(['{', '[]', '1'])('refuse %s as SPRING_APPLICATION_JSON', (text) => {
    expect(() => springProperties(undefined, { SPRING_APPLICATION_JSON: text }, undefined)).toThrow(
      expect.objectContaining({ reason: 'ENVIRONMENT_BROKEN' }) as Error,
    );
  });
});
