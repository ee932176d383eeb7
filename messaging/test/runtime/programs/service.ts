// A service as users write one; told by its argument what to do. Run by process.test.ts.
import { embeddedBinder } from '@millrace/binder-embedded';
import { createRuntime, eventStream } from '../../../src/index.ts';

const [, , mode] = process.argv;
const mr = createRuntime({
  binders: () => Promise.resolve(embeddedBinder({ memory: true })),
  defaultBinder: 'memory',
  log: () => {},
});
const jobs = eventStream<number>('jobs', { key: String });
const say = (text: string) => process.stdout.write(`${text}\n`);

await mr.subscribe(jobs, { group: 'g', retry: { backOffInitialInterval: 0 } }, async (n, { attempt }) => {
  say(`begin ${n} try ${attempt}`);
  if (mode?.startsWith('escape') === true && attempt === 1) {
    setTimeout(() => {
      throw new Error('escaped');
    }, 1);
    await new Promise(() => {});
  }
  if (mode === 'reject' && attempt === 1) {
    void Promise.reject(new Error('nobody awaits this'));
    await new Promise(() => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  say(`end ${n}`);
  if (mode?.startsWith('escape') === true || mode === 'reject') {
    await new Promise((resolve) => setTimeout(resolve, 10));
    void mr.close().then(() => say('closed'));
  }
});
// A second runtime must not take the first for somebody else who deals with uncaught errors.
if (mode?.endsWith('-of-two') === true)
  createRuntime({
    binders: () => Promise.resolve(embeddedBinder({ memory: true })),
    defaultBinder: 'memory',
    log: () => {},
  });
await mr.publish(jobs, 1);
if (mode?.startsWith('foreign') === true) {
  setTimeout(() => {
    throw new Error('not from a handler');
  }, 1);
}
