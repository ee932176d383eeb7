// A consumer ten times slower than its producer, in one process. Sends how many events were published and handled, and resident and
// live memory in bytes at half time and at the end. Needs --expose-gc.
import { connect, eventStream } from 'millrace';

const seconds = 20;
const eventsPerTurn = 20;
const stream = eventStream('load');
const text = 'x'.repeat(180);
let [published, handled] = [0, 0];

function memory() {
  const rss = process.memoryUsage.rss();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, live: heapUsed + arrayBuffers };
}

const mr = await connect({ dataDir: process.argv[2], config: false });
await mr.subscribe(stream, { group: 'slow', concurrency: 1 }, async () => {
  handled++;
  await new Promise((resolve) => setTimeout(resolve, 1));
});
async function publishFor(ms) {
  for (const end = performance.now() + ms; performance.now() < end;) {
    await Promise.all(Array.from({ length: eventsPerTurn }, () => mr.publish(stream, { n: published++, text })));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
await publishFor(seconds * 500);
const half = memory();
await publishFor(seconds * 500);
process.send({ published, handled, half, end: memory() });
await mr.close({ deadlineMs: 0 });
