import { ManualClock, MillraceError } from '@millrace/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { QueueCapabilities } from '../../src/binder/index.ts';
import { command, type Millrace, type Schema } from '../../src/index.ts';
import { QueueBinder } from '../support/queue-binder.ts';
import { runtimeOn, until } from '../support/runtime.ts';

const clock = new ManualClock();
const open: Millrace[] = [];
afterEach(async () => {
  const closing = Promise.all(open.splice(0).map((mr) => mr.close({ deadlineMs: 0 })));
  for (let turn = 0; turn < 3; turn++) await clock.advance(30_000);
  await closing;
});

function setUp(can: Partial<QueueCapabilities> = {}) {
  const binder = new QueueBinder(clock, can);
  const { mr } = runtimeOn(binder, clock);
  open.push(mr);
  return { binder, mr };
}

const positive: Schema<number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'number' && value > 0 ? { value } : { issues: [{ message: 'must be positive' }] }),
  },
};
const work = command('work');

describe('send', () => {
  it('resolves with an id once the command is queued', async () => {
    const { binder, mr } = setUp();
    const { id } = await mr.send(work, { a: 1 }, { key: 'k', headers: { who: 'me' } });
    expect(binder.sent.flat()).toMatchObject([{ id, key: 'k', headers: { who: 'me', contentType: 'application/json' } }]);
    expect(Buffer.from(binder.sent[0]![0]!.payload!).toString()).toBe('{"a":1}');
  });

  it('coalesces what is sent at the same time, in order', async () => {
    const { binder, mr } = setUp();
    await mr.send(work, 'first');
    const sent = await Promise.all(Array.from({ length: 600 }, (_, index) => mr.send(work, index)));
    expect(binder.sent.map((batch) => batch.length)).toEqual([1, 256, 256, 88]);
    expect(
      binder.sent
        .flat()
        .slice(1)
        .map(({ id }) => id),
    ).toEqual(sent.map(({ id }) => id));
  });

  it('passes on when, how urgently and how long a command is wanted', async () => {
    const { binder, mr } = setUp();
    const notBefore = new Date(clock.now() + 60_000);
    await mr.send(work, 1, { id: 'x', notBefore, priority: 3, timeToLiveMs: 500, deduplicateMs: 1000 });
    await mr.send(work, 2, { delayMs: 250 });
    const [first, second] = binder.sent.flat();
    expect(first).toMatchObject({
      id: 'x',
      notBefore: notBefore.getTime(),
      priority: 3,
      expiresAt: clock.now() + 500,
      deduplicateMs: 1000,
    });
    expect(second).toMatchObject({ notBefore: clock.now() + 250, expiresAt: undefined });
  });

  it.each([
    ['delay', { delayMs: 1 }],
    ['delay', { notBefore: new Date() }],
    ['timeToLive', { timeToLiveMs: 1 }],
    ['deduplication', { deduplicateMs: 1 }],
  ] as const)('refuses what needs %s on a binder without it, before anything is sent: %j', async (feature, options) => {
    const { binder, mr } = setUp({ [feature]: false });
    await expect(mr.send(work, 1, options)).rejects.toMatchObject({ code: 'UNSUPPORTED', reason: 'OPTION_UNSUPPORTED' });
    expect(binder.sent).toEqual([]);
  });

  it('refuses priorities that the binder does not have', async () => {
    await expect(setUp({ priorities: 1 }).mr.send(work, 1, { priority: 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(setUp().mr.send(work, 1, { priority: 10 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([{ deduplicateMs: 10 }, { notBefore: new Date(Number.NaN) }, { delayMs: -1 }, { timeToLiveMs: 0 }])(
    'refuses %j, which makes no sense',
    async (options) => {
      await expect(setUp().mr.send(work, 1, options)).rejects.toMatchObject({ reason: 'INVALID_OPTION' });
    },
  );

  it('refuses a payload that does not match the schema', async () => {
    const { binder, mr } = setUp();
    await expect(mr.send(command('work', { input: positive }), -1)).rejects.toMatchObject({ reason: 'SCHEMA_MISMATCH' });
    expect(binder.sent).toEqual([]);
  });

  it("fails with the broker's own error for each command", async () => {
    const { binder, mr } = setUp();
    const full = new MillraceError('full', { code: 'RESOURCE_EXHAUSTED', reason: 'FULL' });
    binder.queue.send = async (_queue, commands) => commands.map(({ id }) => (id === 'bad' ? { error: full } : {}));
    const results = await Promise.allSettled([mr.send(work, 1), mr.send(work, 2, { id: 'bad' })]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: full });
  });

  it('settles by its deadline: as unknown if the broker has it, as not sent otherwise', async () => {
    const { binder, mr } = setUp();
    binder.before = (operation) => (operation === 'send' ? new Promise(() => {}) : undefined);
    const ends: Promise<MillraceError>[] = [];
    for (let batch = 0; batch < 5; batch++) {
      ends.push(mr.send(work, 1, { deadlineMs: 100 }).then(neverSent, (error: MillraceError) => error));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clock.advance(200);
    const errors = await Promise.all(ends);
    const unknown = { code: 'INDETERMINATE', reason: 'SEND_UNKNOWN' };
    expect(errors).toMatchObject([unknown, unknown, unknown, unknown, { code: 'DEADLINE_EXCEEDED' }]);
  });

  it('fails after the runtime was closed', async () => {
    const { mr } = setUp();
    await mr.close();
    await expect(mr.send(work, 1)).rejects.toMatchObject({ reason: 'RUNTIME_CLOSED' });
  });
});

describe('cancel', () => {
  it('withdraws a command that nobody started', async () => {
    const { binder, mr } = setUp();
    const { id } = await mr.send(work, 1);
    expect(await mr.cancel(work, id)).toBe(true);
    expect(await mr.cancel(work, id)).toBe(false);
    expect(binder.depth).toBe(0);
  });

  it('comes too late for a command that runs', async () => {
    const { binder, mr } = setUp();
    const { id } = await mr.send(work, 1);
    const started: string[] = [];
    await mr.handle(work, (_, context) => {
      started.push(context.id);
      return new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
    });
    await until('it started', () => started.length === 1);
    expect(await mr.cancel(work, id)).toBe(false);
    expect(binder.depth).toBe(1);
  });

  it('is unsupported where the binder cannot', async () => {
    await expect(setUp({ cancellation: false }).mr.cancel(work, 'x')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

function neverSent(): never {
  throw new Error('it was sent');
}
