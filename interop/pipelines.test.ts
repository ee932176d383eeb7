import { describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import type { Broker } from './harness/broker.ts';
import { appProperties } from './harness/bindings.ts';
import { Command } from './harness/ours.ts';

/** One of Spring's stream applications, bound as the middle of a stream is. */
function app(broker: Broker, module: string, ends: { from?: string; to?: string }, options: Record<string, string> = {}) {
  return broker.start(module, { ...appProperties('mixed', ends), ...options });
}

/** Our half of a stream. */
function pipelines(broker: Broker, ...definitions: readonly string[]): Command {
  return new Command(broker, ['run', ...definitions]);
}

async function post(port: number, path: string, body: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers })).status;
}

function order(price: number): string {
  return JSON.stringify({ price, items: ['Äpfel', 'Brot'] });
}

/** Request headers are Latin-1 in HTTP. */
function from(customer: string): Record<string, string> {
  return { 'content-type': 'application/json', 'x-customer': customer, accept: 'text/x-y' };
}

describe.each(brokers('ours'))('pipelines on $name', (broker) => {
  it('time (Spring) | transform (ours) | log (Spring)', async () => {
    await using log = app(broker, 'log', { from: 'clock.transform' });
    const expression = `"'<' + payload + '>'"`;
    await using _ours = pipelines(broker, `mixed = :clock.time > transform --expression=${expression} > :clock.transform`);
    await using time = app(broker, 'time', { to: 'clock.time' }, { 'spring.integration.poller.fixed-delay': '200' });
    await Promise.all([log.ready(), time.ready()]);
    const lines = await log.lines.take(3, (line) => line.includes('>'));
    for (const line of lines) expect(line).toMatch(/<\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d>$/);
  });

  it('time (ours) | transform (Spring) | log (ours)', async () => {
    await using transform = app(
      broker,
      'transform',
      { from: 'ticks.time', to: 'ticks.transform' },
      { 'spel.function.expression': "'<' + payload + '>'" },
    );
    await transform.ready();
    await using ours = pipelines(broker, 'mixed = time --fixed-delay=200ms > :ticks.time', 'mixed = :ticks.transform > log');
    const lines = await ours.lines.take(3, (line) => line.includes('>') && line.includes('<'));
    for (const line of lines) expect(line).toMatch(/<\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d>$/);
  });

  it('http (Spring) | filter (ours) | splitter (Spring) | log (ours), with request headers all the way', async () => {
    const mapped = { 'http.supplier.path-pattern': '/orders', 'http.supplier.mapped-request-headers': 'x-*,accept' };
    await using http = app(broker, 'http', { to: 'orders.http' }, mapped);
    await using splitter = app(
      broker,
      'splitter',
      { from: 'orders.filter', to: 'orders.splitter' },
      { 'splitter.expression': "#jsonPath(payload, '$.items')" },
    );
    await using ours = pipelines(
      broker,
      `mixed = :orders.http > filter --expression="headers['x-customer'] == 'ü1' && payload.price > 10" > :orders.filter`,
      `mixed = :orders.splitter > log --expression="headers['x-customer'] + ' ' + headers['accept'] + ' ' + headers['sequenceNumber'] + ' ' + payload"`,
    );
    const [port] = await Promise.all([http.ready(), splitter.ready()]);
    expect(await post(port, '/orders', order(5), from('ü1'))).toBe(202);
    expect(await post(port, '/orders', order(50), from('c2'))).toBe(202);
    expect(await post(port, '/orders', order(20), from('ü1'))).toBe(202);
    const lines = await ours.lines.take(2, (line) => line.includes('text/x-y'));
    expect(lines.map((line) => /ü1.*$/.exec(line)?.[0])).toEqual(
      ['Äpfel', 'Brot'].map((item, index) => `ü1 text/x-y ${index + 1} ${item}`),
    );
  });

  it('http (ours) | filter (Spring) | splitter (ours) | log (Spring), with request headers all the way', async () => {
    await using filter = app(
      broker,
      'filter',
      { from: 'sales.http', to: 'sales.filter' },
      { 'filter.function.expression': "headers['x-customer'] == 'c1' and #jsonPath(payload, '$.price') > 10" },
    );
    await using log = app(
      broker,
      'log',
      { from: 'sales.splitter' },
      {
        'log.consumer.expression':
          "headers['x-customer'] + ' ' + headers['http_requestMethod'] + ' ' + headers['sequenceSize'] + ' ' + payload",
      },
    );
    await Promise.all([filter.ready(), log.ready()]);
    await using ours = pipelines(
      broker,
      'mixed = http --port=0 --path-pattern=/sales --mapped-request-headers=x-* > :sales.http',
      `mixed = :sales.filter > splitter --expression="#jsonPath(payload, '$.items')" > :sales.splitter`,
    );
    const [listening] = await ours.lines.take(1, (line) => line.includes('Listening on'));
    const port = Number(/:(\d+)\/sales/.exec(listening!)![1]);
    expect(await post(port, '/sales', order(5), from('c1'))).toBe(202);
    expect(await post(port, '/sales', order(50), from('c2'))).toBe(202);
    expect(await post(port, '/sales', order(20), from('c1'))).toBe(202);
    const lines = await log.lines.take(2, (line) => line.includes(' POST '));
    expect(lines.map((line) => /c1.*$/.exec(line)?.[0])).toEqual(['c1 POST 2 Äpfel', 'c1 POST 2 Brot']);
  });
});
