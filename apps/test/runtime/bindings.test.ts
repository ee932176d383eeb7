import { readOptions } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { inputOptions, instanceOptions, outputOptions } from '../../src/runtime/bindings.ts';
import { loadConfiguration } from '../../src/runtime/config/load.ts';

const load = (env: Record<string, string>, args: string[] = []) => loadConfiguration({ env, args, configDirectories: [] });
const bindings = 'spring.cloud.stream.bindings';

describe('instance settings', () => {
  it.each([
    [{}, 0],
    [{ CF_INSTANCE_INDEX: '3' }, 3],
    [{ CF_INSTANCE_INDEX: '3', INSTANCE_INDEX: '2' }, 2],
    [{ CF_INSTANCE_INDEX: '3', INSTANCE_INDEX: '2', SPRING_APPLICATION_JSON: '{"spring.cloud.stream.instanceIndex": 1}' }, 1],
    [{ SPRING_APPLICATION_JSON: '{"instance.index": "4"}' }, 4],
  ] as [Record<string, string>, number][])('%j make instance %d', (env, index) => {
    expect(readOptions(instanceOptions, load(env)).index).toBe(index);
  });

  it('take the port of the platform where no other is given', () => {
    expect(readOptions(instanceOptions, load({ PORT: '7000' })).port).toBe(7000);
    expect(readOptions(instanceOptions, load({ PORT: '7000' }, ['--server.port=0'])).port).toBe(0);
    expect(readOptions(instanceOptions, load({})).port).toBe(8080);
  });
});

describe('binding settings', () => {
  it("have Spring Cloud Stream's defaults", () => {
    expect(readOptions(inputOptions, load({}))).toMatchObject({
      contentType: 'application/json',
      concurrency: 1,
      maxAttempts: 3,
      backOffInitialInterval: 1000,
      backOffMultiplier: 2,
      backOffMaxInterval: 10_000,
      partitioned: false,
      park: true,
    });
    expect(readOptions(outputOptions, load({}))).toMatchObject({
      partitionCount: 1,
      requiredGroups: [],
      partitionKeyExpression: undefined,
    });
  });

  it.each([
    [`${bindings}.input.consumer.maxAttempts`],
    [`${bindings}.input.consumer.max-attempts`],
    ['spring.cloud.stream.default.consumer.maxAttempts'],
  ])('read %s', (name) => {
    expect(readOptions(inputOptions, load({}, [`--${name}=7`])).maxAttempts).toBe(7);
    expect(readOptions(inputOptions, load({ [name.replaceAll('.', '_').toUpperCase()]: '7' })).maxAttempts).toBe(7);
  });

  it('take an empty value in its written form as empty', () => {
    const json = JSON.stringify({ [`${bindings}.input.group`]: '\\"\\"' });
    expect(readOptions(inputOptions, load({ SPRING_APPLICATION_JSON: json })).group).toBe('');
  });

  it('read lists', () => {
    const json = JSON.stringify({ [`${bindings}.output.producer.requiredGroups`]: 'a,b' });
    expect(readOptions(outputOptions, load({ SPRING_APPLICATION_JSON: json })).requiredGroups).toEqual(['a', 'b']);
  });
});
