// Publishes `<name>-0`, `<name>-1` … as fast as it can and reports `try N` and `ack N`: publisher.ts PLACE NAME [COUNT]
import { connect, eventStream } from 'millrace';
import { placeOf } from './place.ts';
import { createReport } from './report.ts';

const [place, name, count = 'Infinity'] = process.argv.slice(2) as [string, string, string?];
const report = createReport();
const stream = eventStream<string>('events', { contentType: 'text/plain', key: (id) => id.split('-')[0] });
const mr = await connect(placeOf(place));

let next = 0;
async function lane(): Promise<void> {
  while (next < Number(count)) {
    const id = `${name}-${next++}`;
    report(`try ${id}`);
    await mr.publish(stream, id);
    report(`ack ${id}`);
  }
}

report('ready');
await Promise.all(Array.from({ length: 20 }, lane));
await mr.close();
process.disconnect();
