// A sensor firehose: online alerting while events arrive, and later a batch job over the same log.
//   npm run example -- sensor-firehose [--data-dir DIR] [--readings N]
import { parseArgs } from 'node:util';
import { connect, eventStream } from 'millrace';
import type { Millrace } from 'millrace';

interface Reading {
  readonly sensor: string;
  readonly celsius: number;
}

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' }, readings: { type: 'string', default: '10000' } } });
const total = Number(values.readings);

const readings = eventStream<Reading>('sensor-readings', { key: (reading) => reading.sensor, partitions: 4 });

/** Sensor `s0`…`s9` in turn; every hundredth reading is hot. */
function* measure(count: number): Iterable<Reading> {
  for (let index = 0; index < count; index++)
    yield { sensor: `s${index % 10}`, celsius: index % 100 === 99 ? 45 : 20 + (index % 10) };
}

async function publishAll(mr: Millrace): Promise<void> {
  const batch: Reading[] = [];
  for (const reading of measure(total)) {
    batch.push(reading);
    if (batch.length === 500) await mr.publishAll(readings, batch.splice(0));
  }
  if (batch.length > 0) await mr.publishAll(readings, batch);
}

/** Online: an alert for each hot reading, as it comes. */
async function alerting(mr: Millrace): Promise<{ seen: number; alerts: number }> {
  const counts = { seen: 0, alerts: 0 };
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await using _subscription = await mr.subscribe(readings, { group: 'alerts' }, ({ celsius }) => {
    if (celsius > 40) counts.alerts++;
    if (++counts.seen === total) resolve();
  });
  await publishAll(mr);
  await done;
  return counts;
}

/** Batch: the mean per sensor over everything that was recorded, read from the log without any group. */
async function replay(mr: Millrace): Promise<Map<string, number>> {
  const sums = new Map<string, { sum: number; count: number }>();
  for await (const batch of mr.read(readings, { from: 'earliest', to: 'now' })) {
    for (const { payload } of batch) {
      const entry = sums.get(payload.sensor) ?? { sum: 0, count: 0 };
      sums.set(payload.sensor, { sum: entry.sum + payload.celsius, count: entry.count + 1 });
    }
  }
  return new Map([...sums].toSorted(([a], [b]) => a.localeCompare(b)).map(([sensor, { sum, count }]) => [sensor, sum / count]));
}

await using mr = await connect(values['data-dir'] ? { dataDir: values['data-dir'] } : {});
const { seen, alerts } = await alerting(mr);
console.log(`online: ${seen} readings, ${alerts} alerts`);
const means = await replay(mr);
for (const [sensor, mean] of means) console.log(`batch: ${sensor} mean ${mean.toFixed(2)} °C`);
