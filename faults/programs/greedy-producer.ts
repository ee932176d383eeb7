// Publishes for SECONDS as fast as it is let, and reports its resident memory: greedy-producer.ts PLACE SECONDS
import { connect, eventStream } from 'millrace';
import { placeOf } from './place.ts';
import { createReport } from './report.ts';

const [place, seconds] = process.argv.slice(2) as [string, string];
const report = createReport();
const stream = eventStream<{ n: number; text: string }>('events');
const mr = await connect(placeOf(place));

let handled = 0;
await mr.subscribe(stream, { group: 'slow', concurrency: 1, maxInFlight: 1000 }, async () => {
  handled++;
  await new Promise((resolve) => setTimeout(resolve, 1));
});

const until = performance.now() + Number(seconds) * 1000;
let published = 0;
async function lane(): Promise<void> {
  while (performance.now() < until) {
    await mr.publish(stream, { n: published, text: 'x'.repeat(500) });
    if (++published % 2000 === 0) report(`rss ${process.memoryUsage.rss()}`);
  }
}
await Promise.all(Array.from({ length: 100 }, lane));
report(`done ${published} ${handled}`);
await mr.close({ deadlineMs: 1000 });
process.disconnect();
