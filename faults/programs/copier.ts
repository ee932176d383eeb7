// Copies `input` to `output` as a member of the group `copiers`, each event in a transaction: copier.ts PLACE. Reports `copied ID`.
import { connect, eventStream } from 'millrace';
import { placeOf } from './place.ts';
import { createReport } from './report.ts';

const report = createReport();
const [input, output] = ['input', 'output'].map((name) =>
  eventStream<string>(name, { contentType: 'text/plain', key: (id) => id.split('-')[0] }),
) as [ReturnType<typeof eventStream<string>>, ReturnType<typeof eventStream<string>>];
const mr = await connect(placeOf(process.argv[2]!));
await mr.subscribe(input, { group: 'copiers' }, async (id, context) => {
  await mr.transaction([context], async (tx) => tx.publish(output, id));
  report(`copied ${id}`);
});
report('ready');
process.once('SIGTERM', () => void mr.close().then(() => process.disconnect()));
process.on('disconnect', () => void mr.close().then(() => process.exit(0)));
