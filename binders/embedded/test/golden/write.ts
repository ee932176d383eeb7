// Writes the data directory of the present format that the test beside it opens for ever after:
//   node --conditions=development binders/embedded/test/golden/write.ts
// Run it once for each new format version, before its release; what an earlier version wrote is never written again.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedBinder } from '../../src/index.ts';
import { formatVersion } from '../../src/holder/data-directory.ts';

const dataDir = join(import.meta.dirname, `format-${formatVersion}`);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const binder = embeddedBinder({ dataDir, segmentBytes: 16 * 1024 });
await binder.open();
const producer = await binder.bindProducer('events', { partitions: 2 });
await producer.send(
  Array.from({ length: 10 }, (_, n) => ({
    payload: n === 7 ? null : bytes(`event ${n}`),
    key: `k${n % 3}`,
    partition: n % 2,
    timestamp: 1_760_000_000_000 + n,
    headers: { contentType: 'text/plain', n, big: 2n ** 60n, list: [1, 'two', null], raw: new Uint8Array([1, 2, 255]) },
  })),
);
const consumer = await binder.bindConsumer('events', 'readers');
await consumer.ack((await consumer.receive(10)).filter(({ partition, offset }) => partition === 0 && offset < 2));
await binder.queue!.send('commands', [
  { id: 'c1', payload: bytes('do this'), headers: {} },
  { id: 'c2', payload: bytes('do that'), headers: {}, priority: 9 },
]);
const region = await binder.region!.open('seats');
await region.apply([
  { key: 'a', value: bytes('1') },
  { key: 'b', value: bytes('2') },
  { key: 'a', value: bytes('3') },
  { key: 'b', value: null },
]);
await binder.parking!.park('error.events.readers', [{ payload: bytes('bad'), headers: { 'x-exception-message': 'no' } }]);
await binder.close();
for (const left of ['run', 'journal/lock']) rmSync(join(dataDir, left), { recursive: true, force: true });
