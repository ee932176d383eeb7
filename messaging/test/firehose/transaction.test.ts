import { expect, test, vi } from 'vitest';
import { eventStream, type EventContext } from '../../src/index.ts';
import { memoryBinder, override, runtimeOn } from '../support.ts';

interface Event {
  readonly key: string;
  readonly n: number;
}
const input = eventStream<Event>('input', { key: ({ key }) => key });
const output = eventStream<number>('output', { partitions: 2 });

async function outputs(mr: ReturnType<typeof runtimeOn>): Promise<number[]> {
  const { provisioner } = await mr.binder();
  if ((await provisioner.describe('output')) === undefined) return [];
  const found: number[] = [];
  for await (const batch of mr.read(output)) found.push(...batch.map(({ payload }) => payload));
  return found;
}

test('what is published commits with the event, and nothing of it if the handler fails', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  const subscription = await mr.subscribe(
    input,
    { group: 'g', retry: { maxAttempts: 2, backOffInitialInterval: 0 } },
    async ({ n }, context) => {
      await mr.transaction([context], async (tx) => {
        tx.publish(output, n * 10);
        tx.publish(output, n * 10 + 1);
        if (n === 1 && context.attempt === 1) throw new Error('half way');
        await Promise.resolve();
      });
    },
  );
  await mr.publishAll(
    input,
    [0, 1, 2].map((n) => ({ key: 'a', n })),
  );
  await vi.waitFor(() => expect(subscription.health.handled).toBe(3));
  expect((await outputs(mr)).toSorted((a, b) => a - b)).toEqual([0, 1, 10, 11, 20, 21]);
  expect(await binder.log!.committed('input', 'g')).toEqual(new Map([[0, 3]]));
});

test('transactions of concurrent handlers wait for the events before them, and do not block each other', async () => {
  const binder = memoryBinder();
  const commits: number[] = [];
  const commit: NonNullable<typeof binder.transactions>['commit'] = (transaction) => {
    commits.push(...transaction.consumed.flatMap(({ deliveries }) => deliveries.map(({ offset }) => offset)));
    return binder.transactions!.commit(transaction);
  };
  const mr = runtimeOn(override(binder, { transactions: { commit } }));
  const keys = ['a', 'a', 'b', 'c', 'a', 'd', 'b', 'e'];
  const subscription = await mr.subscribe(input, { group: 'g', concurrency: 2 }, async ({ key, n }, context) => {
    if (key === 'a') await new Promise((resolve) => setTimeout(resolve, 5));
    await mr.transaction([context], async (tx) => tx.publish(output, n));
  });
  await mr.publishAll(
    input,
    keys.map((key, n) => ({ key, n })),
  );
  await vi.waitFor(() => expect(subscription.health.handled).toBe(8));
  expect(commits).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await outputs(mr)).toHaveLength(8);
});

test('a batch commits as one', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  await mr.publishAll(
    input,
    [1, 2, 3].map((n) => ({ key: 'a', n })),
  );
  const subscription = await mr.subscribeBatch(input, { group: 'g' }, async (items) => {
    await mr.transaction(
      items.map(({ context }) => context),
      async (tx) => {
        tx.publish(
          output,
          items.reduce((sum, { payload }) => sum + payload.n, 0),
        );
      },
    );
  });
  await vi.waitFor(() => expect(subscription.health.handled).toBe(3));
  expect(await outputs(mr)).toEqual([6]);
  expect(await binder.log!.committed('input', 'g')).toEqual(new Map([[0, 3]]));
});

test('an event whose transaction was committed is not handled again though its handler fails afterwards', async () => {
  const mr = runtimeOn(memoryBinder());
  const subscription = await mr.subscribe(input, { group: 'g', retry: { backOffInitialInterval: 0 } }, async ({ n }, context) => {
    await mr.transaction([context], async (tx) => tx.publish(output, n));
    throw new Error('too late');
  });
  await mr.publishAll(
    input,
    [1, 2].map((n) => ({ key: 'a', n })),
  );
  await vi.waitFor(() => expect(subscription.health.failed).toBe(2));
  expect(await outputs(mr)).toHaveLength(2);
  expect(mr.logged).toContainEqual(expect.stringContaining('failed after its transaction'));
});

test('payloads that do not match, foreign contexts and binders without transactions are refused', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder, {
    binders: (name) => Promise.resolve(name === 'bare' ? override(binder, { transactions: undefined }) : binder),
  });
  const failures: unknown[] = [];
  const attempt = async (context: EventContext, stream: typeof output) =>
    mr.transaction([context], async (tx) => tx.publish(stream, 1)).catch((error: unknown) => failures.push(error));
  await mr.subscribe(input, { group: 'g' }, async (_, context) => {
    await attempt({ ...context }, output);
    await attempt(context, eventStream<number>('elsewhere', { binder: 'bare' }));
    await attempt(context, eventStream<number>('output', { partitionKey: () => undefined }));
  });
  const bare = eventStream<Event>('bare', { binder: 'bare' });
  await mr.subscribe(bare, { group: 'g' }, async (_, context) => attempt(context, output));
  await mr.publish(input, { key: 'a', n: 0 });
  await vi.waitFor(() => expect(failures).toHaveLength(3));
  await mr.publish(bare, { key: 'a', n: 0 });
  await vi.waitFor(() => expect(failures).toHaveLength(4));
  expect(failures.map((failure) => (failure as { reason: string }).reason)).toEqual([
    'NOT_BEING_HANDLED',
    'TRANSACTION_ACROSS_BINDERS',
    'PARTITION_KEY_MISSING',
    'FACET_MISSING',
  ]);
  await expect(mr.transaction([], async () => {})).rejects.toMatchObject({ reason: 'NOT_BEING_HANDLED' });
});
