// A runtime that has nothing to do, as users run it: the built packages, plain JavaScript. Sends its resident memory in bytes.
import { connect, eventStream } from 'millrace';

const mr = await connect({ dataDir: process.argv[2], config: false });
await mr.subscribe(eventStream('idle'), { group: 'g' }, () => undefined);
await new Promise((resolve) => setTimeout(resolve, 3000));
process.send(process.memoryUsage.rss());
