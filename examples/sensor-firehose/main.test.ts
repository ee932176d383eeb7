import { expect, it } from 'vitest';
import { runExample } from '../run-example.ts';

it('alerts online and replays the same log as a batch', async () => {
  const shown = await runExample('sensor-firehose/main.ts', '--readings', '5000');
  expect(shown).toContain('online: 5000 readings, 50 alerts');
  // Sensor 9 measures 29 °C and, each tenth time, 45 °C.
  expect(shown).toContain('batch: s9 mean 30.60 °C');
  expect(shown.match(/^batch:/gm)).toHaveLength(10);
});
