// Runs in an empty project against the installed packages.
import { connect, eventStream } from 'millrace';

const readings = eventStream('readings', { key: (reading) => reading.sensor });
const mr = await connect({ dataDir: './data' });
const seen = Promise.withResolvers();
await mr.subscribe(readings, { group: 'alerts' }, (reading) => seen.resolve(reading));
await mr.publish(readings, { sensor: 'a1', celsius: 31 });
const reading = await seen.promise;
console.log(`hot: ${reading.sensor} ${reading.celsius}`);
await mr.close();
