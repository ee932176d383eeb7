import { embeddedBinder } from '@millrace/binder-embedded';
import { segmentBytes } from './segment-bytes.ts';

// A process of its own that uses a data directory and, being the first, holds it, until it is killed or told to end.
const binder = embeddedBinder({ dataDir: process.argv[2], segmentBytes });
await binder.open();
process.send?.('open');
process.once('message', () => {
  void binder.close().then(() => process.exit());
});
