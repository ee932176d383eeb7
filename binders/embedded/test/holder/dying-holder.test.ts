import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embeddedBinder } from '../../src/index.ts';
import { prepareSocketFolder, socketPath } from '../../src/holder/socket-path.ts';
import { temporaryFolder } from './processes.ts';

it('who attaches while the holder ends holds the directory next, and its first call succeeds', async () => {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, 'data');
  const path = socketPath(dataDir);
  prepareSocketFolder(path);
  let taken = 0;
  // Takes connections and ends before it answers, as a process does that is killed.
  const dying = createServer((socket) => {
    taken++;
    socket.once('data', () => {
      dying.close();
      socket.destroy();
    });
  }).listen(path);
  await once(dying, 'listening');
  const binder = embeddedBinder({ dataDir });
  try {
    await binder.open();
    const producer = await binder.bindProducer('events', { requiredGroups: ['g'] });
    expect(await producer.send([{ payload: Buffer.from('x'), headers: {} }])).toEqual([{ partition: 0, offset: 0 }]);
    expect(taken).toBe(1);
  } finally {
    await binder.close();
    folder.remove();
  }
});
