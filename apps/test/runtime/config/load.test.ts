import { defineOptions, option, readOptions } from '@millrace/core';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration, parseArguments } from '../../../src/runtime/config/load.ts';

const options = defineOptions({
  expression: option.expression('filter.function.expression', { doc: 'Keeps.', default: 'true' }),
  headers: option.map('header.enricher.headers', { doc: 'Headers.', default: {} }),
});

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-config-'));
  mkdirSync(join(cwd, 'config'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const file = (name: string, text: string) => writeFileSync(join(cwd, 'config', name), text);
const load = (input: { args?: string[]; env?: Record<string, string>; defaults?: Record<string, unknown> } = {}) =>
  loadConfiguration({ ...input, cwd, options, owner: "App 'filter'" });
const expression = (input?: Parameters<typeof load>[0]) => readOptions(options, load(input)).expression;

describe('loadConfiguration', () => {
  it('takes each form, the stronger over the weaker', () => {
    const defaults = { 'filter.function.expression': 'default' };
    expect(expression({ defaults })).toBe('default');
    file('application.json', '{"filter": {"function.expression": "json"}}');
    expect(expression({ defaults })).toBe('json');
    file('application.yml', 'filter:\n  function:\n    expression: yml\n');
    expect(expression({ defaults })).toBe('yml');
    file('application.properties', 'filter.function.expression=properties');
    expect(expression({ defaults })).toBe('properties');
    const env: Record<string, string> = { FILTER_FUNCTION_EXPRESSION: 'environment' };
    expect(expression({ defaults, env })).toBe('environment');
    env['SPRING_APPLICATION_JSON'] = '{"filter.function.expression": "app-json"}';
    expect(expression({ defaults, env })).toBe('app-json');
    expect(expression({ defaults, env, args: ['--expression=argument'] })).toBe('argument');
  });

  it.each([
    '{"filter.function.expression": "x"}',
    '{"filter": {"function": {"expression": "x"}}}',
    '{"FILTER.FUNCTION": {"Expression": "x"}}',
    '{"expression": "x"}',
  ])('understands SPRING_APPLICATION_JSON=%s', (json) => {
    expect(expression({ env: { SPRING_APPLICATION_JSON: json } })).toBe('x');
  });

  it('takes maps below their name from every form', () => {
    file('application.yml', 'header.enricher.headers:\n  from-file: "1"\n');
    const env = { HEADER_ENRICHER_HEADERS_FROMENV: '2', SPRING_APPLICATION_JSON: '{"header.enricher.headers": {"json": 3}}' };
    expect(readOptions(options, load({ env, args: ['--header.enricher.headers.arg=4'] })).headers).toEqual({
      'from-file': '1',
      fromenv: '2',
      json: '3',
      arg: '4',
    });
  });

  it("resolves placeholders against all layers and Cloud Foundry's facts", () => {
    const env = {
      SPRING_CLOUD_APPLICATION_GUID: '${vcap.application.name}:${vcap.application.instance_index}',
      VCAP_APPLICATION: '{"name": "orders"}',
      CF_INSTANCE_INDEX: '3',
      VCAP_SERVICES: '{"rabbit": [{"name": "mq", "credentials": {"uri": "amqp://x"}}]}',
    };
    const properties = load({
      env,
      args: ['--a.tag=${spring.cloud.dataflow.stream.name:${a.fallback:unknown}}', '--a.fallback=f'],
    });
    expect(properties.get('spring.cloud.application.guid')).toBe('orders:3');
    expect(properties.get('vcap.services.mq.credentials.uri')).toBe('amqp://x');
    expect(properties.get('a.tag')).toBe('f');
  });

  it('names the file and the line that cannot be read', () => {
    file('application.yml', 'a: 1\nb: &anchor x\n');
    expect(() => load()).toThrow(/application\.yml cannot be read: line 2 uses '&'/);
  });

  it('names a variable that is not JSON', () => {
    expect(() => load({ env: { SPRING_APPLICATION_JSON: '[1]' } })).toThrow(
      /SPRING_APPLICATION_JSON cannot be read: must be a JSON object/,
    );
  });

  it('refuses a mistyped argument but not a mistyped variable', () => {
    expect(() => load({ args: ['--expresion=x'] })).toThrow(/did you mean 'expression'/);
    expect(expression({ env: { SPRING_APPLICATION_JSON: '{"expresion": "x"}' } })).toBe('true');
  });
});

describe('parseArguments', () => {
  it('takes everything after the first equals sign as the value', () => {
    expect(parseArguments(['--a=b=c', '--flag', '--e=', '--multi=1\n2'])).toEqual({ a: 'b=c', flag: 'true', e: '', multi: '1\n2' });
  });

  it('refuses what is no option', () => {
    expect(() => parseArguments(['a=b'])).toThrow(expect.objectContaining({ reason: 'ARGUMENT_INVALID' }));
  });
});
