// Consumes as a member of a group and reports `got ID` before each acknowledgement: consumer.ts PLACE GROUP [MS_PER_MESSAGE]
import { connect, eventStream } from 'millrace';
import { placeOf } from './place.ts';
import { createReport } from './report.ts';

const [place, group, delay = '0'] = process.argv.slice(2) as [string, string, string?];
const report = createReport();
const mr = await connect(placeOf(place));
await mr.subscribe(eventStream<string>('events', { contentType: 'text/plain' }), { group, concurrency: 4 }, async (id, context) => {
  report(`got ${id} ${context.partition}@${context.offset}`);
  if (Number(delay) > 0) await new Promise((resolve) => setTimeout(resolve, Number(delay)));
});
report('ready');
// Ends by a signal: SIGTERM drains, SIGKILL does not. What was reported has left this process before it ends, which `process.exit`, by
// which the runtime ends a process that nobody else listens for, would not wait for.
const alive = setInterval(() => {}, 1 << 30);
async function drain(): Promise<void> {
  await mr.close();
  clearInterval(alive);
  process.disconnect();
}
process.once('SIGTERM', () => void drain());
process.on('disconnect', () => void mr.close().then(() => process.exit(0)));
