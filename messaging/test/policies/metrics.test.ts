import { expect, test } from 'vitest';
import { MetricsRegistry } from '../../src/policies/metrics.ts';

test('metrics are written in the Prometheus text format', () => {
  const metrics = new MetricsRegistry();
  metrics.counter('sent_total', 'Messages sent.', { to: 'a' }).inc();
  metrics.counter('sent_total', 'Messages sent.', { to: 'a' }).inc(2);
  metrics.counter('sent_total', 'Messages sent.', { to: 'b' });
  metrics.gauge('depth', 'Depth.').set(2.5);
  expect(metrics.text()).toBe(
    [
      '# HELP sent_total Messages sent.',
      '# TYPE sent_total counter',
      'sent_total{to="a"} 3',
      'sent_total{to="b"} 0',
      '# HELP depth Depth.',
      '# TYPE depth gauge',
      'depth 2.5',
      '',
    ].join('\n'),
  );
});

test('a histogram counts cumulatively, with sum and count', () => {
  const metrics = new MetricsRegistry();
  const histogram = metrics.histogram('seconds', 'Time.', { to: 'a' }, [1, 5]);
  for (const value of [0.5, 1, 3, 10]) histogram.observe(value);
  expect(metrics.text().split('\n').slice(2, -1)).toEqual([
    'seconds_bucket{to="a",le="1"} 2',
    'seconds_bucket{to="a",le="5"} 3',
    'seconds_bucket{to="a",le="+Inf"} 4',
    'seconds_sum{to="a"} 14.5',
    'seconds_count{to="a"} 4',
  ]);
});

test('label values and help texts are escaped', () => {
  const metrics = new MetricsRegistry();
  metrics.gauge('depth', 'One\nTwo', { name: 'a"b\\c\nd' }).set(1);
  expect(metrics.text()).toContain('# HELP depth One\\nTwo');
  expect(metrics.text()).toContain('depth{name="a\\"b\\\\c\\nd"} 1');
});

test('beyond the bound, label sets are counted together', () => {
  const metrics = new MetricsRegistry(2);
  for (const to of ['a', 'b', 'c', 'd']) metrics.counter('sent_total', 'x', { to }).inc();
  expect(metrics.text().split('\n').slice(2, -1)).toEqual([
    'sent_total{to="a"} 1',
    'sent_total{to="b"} 1',
    'sent_total{to="other"} 2',
  ]);
  metrics.counter('sent_total', 'x', { to: 'a' }).inc();
  expect(metrics.text()).toContain('sent_total{to="a"} 2');
});

test('without metrics there is no text', () => {
  expect(new MetricsRegistry().text()).toBe('');
});
