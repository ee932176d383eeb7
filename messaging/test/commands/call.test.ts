import { ManualClock, MillraceError } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboundMessage } from '../../src/binder/index.ts';
import { command, type Millrace } from '../../src/index.ts';
import { QueueBinder } from '../support/queue-binder.ts';
import { runtimeOn, until } from '../support/runtime.ts';

interface Order {
  readonly seats: number;
}
const reserve = command<Order, { readonly seat: string } | string | null | undefined>('reserve');

let clock: ManualClock;
let binder: QueueBinder;
let caller: Millrace;
let handler: Millrace;

beforeEach(() => {
  clock = new ManualClock();
  binder = new QueueBinder(clock);
  caller = runtimeOn(binder, clock).mr;
  handler = runtimeOn(binder, clock).mr;
});

afterEach(async () => {
  const closing = Promise.all([caller.close({ deadlineMs: 0 }), handler.close({ deadlineMs: 0 })]);
  await clock.advance(60_000);
  await closing;
});

const failure = (promise: Promise<unknown>): Promise<MillraceError> =>
  promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: MillraceError) => error,
  );

describe('call', () => {
  it("resolves with the handler's answer", async () => {
    await handler.handle(reserve, ({ seats }) => ({ seat: `7${'ABC'[seats]}` }));
    const answers = await Promise.all([0, 1, 2].map((seats) => caller.call(reserve, { seats })));
    expect(answers).toEqual([{ seat: '7A' }, { seat: '7B' }, { seat: '7C' }]);
    await until('all is acknowledged', () => binder.depth === 0);
  });

  it.each([['text'], [''], [null], [undefined]])('brings %j back as it is', async (answer) => {
    await handler.handle(reserve, () => answer);
    expect(await caller.call(reserve, { seats: 1 })).toBe(answer);
  });

  it('awaits whatever can be awaited', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- this is what query builders return
    const later = { then: (resolve: (answer: string) => void) => setImmediate(() => resolve('later')) };
    await handler.handle(reserve, () => later as unknown as Promise<string>);
    expect(await caller.call(reserve, { seats: 1 })).toBe('later');
  });

  it("throws the handler's typed error with code, reason and details", async () => {
    const soldOut = new MillraceError('sold out', { code: 'FAILED_PRECONDITION', reason: 'SOLD_OUT', details: { left: 0 } });
    await handler.handle(reserve, { retry: { maxAttempts: 1 } }, () => Promise.reject(soldOut));
    const error = await failure(caller.call(reserve, { seats: 1 }));
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'SOLD_OUT', message: 'sold out', details: { left: 0 } });
  });

  it("throws a user's error as INTERNAL with its message, without its stack", async () => {
    await handler.handle(reserve, { retry: { maxAttempts: 1 } }, () => Promise.reject(new RangeError('oops')));
    const error = await failure(caller.call(reserve, { seats: 1 }));
    expect(error).toMatchObject({ code: 'INTERNAL', reason: 'HANDLER_FAILED', message: 'oops', details: { type: 'RangeError' } });
    expect(JSON.stringify(binder.replies[0]!.message)).not.toContain('call.test');
  });

  it('hears of a failure only after the last try, when the command is parked without the call', async () => {
    await handler.handle(reserve, { retry: { maxAttempts: 2, backOffInitialInterval: 1000, jitter: 0 } }, () =>
      Promise.reject(new Error('no')),
    );
    const call = failure(caller.call(reserve, { seats: 1 }));
    await clock.advance(900);
    expect(binder.replies).toEqual([]);
    await clock.advance(200);
    expect(await call).toMatchObject({ message: 'no' });
    const { headers } = binder.parked[0]!.message;
    expect(Object.keys(headers).filter((name) => ['mr_replyTo', 'correlationId', 'mr_expires_at'].includes(name))).toEqual([]);
  });

  it('gets its answer before its deadline rather than another try after it', async () => {
    await handler.handle(reserve, { retry: { backOffInitialInterval: 5000, jitter: 0 } }, () => Promise.reject(new Error('no')));
    expect(await failure(caller.call(reserve, { seats: 1 }, { deadlineMs: 1000 }))).toMatchObject({ message: 'no' });
  });

  it('ends with DEADLINE_EXCEEDED, and nobody works on it any more', async () => {
    const call = failure(caller.call(reserve, { seats: 1 }, { deadlineMs: 500 }));
    await until('it is queued', () => binder.depth === 1);
    expect(binder.sent[0]![0]!.expiresAt).toBe(clock.now() + 500);
    await clock.advance(600);
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    let runs = 0;
    await handler.handle(reserve, () => void runs++);
    await until('it is dropped', () => binder.depth === 0);
    expect(runs).toBe(0);
    expect(handler.metrics()).toContain('millrace_expired_total{destination="reserve"} 1');
  });

  it('ignores and counts replies that come too late', async () => {
    const late = Promise.withResolvers<string>();
    await handler.handle(reserve, () => late.promise);
    const call = failure(caller.call(reserve, { seats: 1 }, { deadlineMs: 500 }));
    await clock.advance(600);
    await call;
    late.resolve('too late');
    await until('it is counted', () => caller.metrics().includes('millrace_late_replies_total{binder="scripted"} 1'));
  });

  it('ends with CANCELLED when its signal is aborted, and is withdrawn from the queue', async () => {
    const controller = new AbortController();
    const call = failure(caller.call(reserve, { seats: 1 }, { signal: controller.signal }));
    await until('it is queued', () => binder.depth === 1);
    controller.abort(new Error('changed my mind'));
    expect(await call).toMatchObject({ code: 'CANCELLED', cause: { message: 'changed my mind' } });
    await until('it is withdrawn', () => binder.depth === 0);
    await expect(caller.call(reserve, { seats: 1 }, { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('fails when it cannot be sent', async () => {
    binder.before = (operation) => {
      if (operation === 'send') throw new Error('no route');
    };
    expect(await failure(caller.call(reserve, { seats: 1 }))).toMatchObject({ code: 'UNAVAILABLE', reason: 'BINDER_FAILED' });
  });

  it('is INDETERMINATE when the return address dies, and the next call opens a new one', async () => {
    const call = failure(caller.call(reserve, { seats: 1 }));
    await until('it is queued', () => binder.depth === 1);
    binder.before = (operation) => {
      if (operation === 'receiveReplies') throw new Error('connection reset');
    };
    binder.stir();
    expect(await call).toMatchObject({ code: 'INDETERMINATE', reason: 'REPLY_UNKNOWN' });
    binder.before = () => {};
    await handler.handle(reserve, () => 'fine');
    expect(await caller.call(reserve, { seats: 2 })).toBe('fine');
  });

  it('is INDETERMINATE when its runtime is closed', async () => {
    const call = failure(caller.call(reserve, { seats: 1 }));
    await until('it is queued', () => binder.depth === 1);
    await caller.close();
    expect(await call).toMatchObject({ code: 'INDETERMINATE' });
  });

  it('is unsupported where the binder has no replies', async () => {
    const { mr } = runtimeOn(new QueueBinder(clock, { requestReply: false }), clock);
    await expect(mr.call(reserve, { seats: 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await mr.close();
  });

  it('still acknowledges when the reply cannot be sent, since the command has had its effect', async () => {
    binder.before = (operation) => {
      if (operation === 'reply') throw new Error('unreachable');
    };
    await handler.handle(reserve, () => 'done');
    const call = failure(caller.call(reserve, { seats: 1 }, { deadlineMs: 100 }));
    await until('it is acknowledged', () => binder.depth === 0);
    await clock.advance(200);
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('answers and acknowledges in one request where the binder can, and one by one where that fails', async () => {
    const operations: string[] = [];
    binder.before = (operation) => void (['finish', 'reply', 'ack'].includes(operation) && operations.push(operation));
    binder.finishes = true;
    await handler.handle(reserve, () => 'done');
    expect(await caller.call(reserve, { seats: 1 })).toBe('done');
    await until('it is acknowledged', () => binder.depth === 0);
    expect(operations).toEqual(['finish']);
    binder.before = (operation) => {
      operations.push(operation);
      if (operation === 'finish') throw new Error('too large');
    };
    expect(await caller.call(reserve, { seats: 1 })).toBe('done');
    await until('it is acknowledged', () => binder.depth === 0);
    expect(operations.filter((operation) => ['finish', 'reply', 'ack'].includes(operation))).toEqual([
      'finish',
      'finish',
      'reply',
      'ack',
    ]);
  });

  it('works from within handlers that finish while the runtime closes', async () => {
    const inner = command<string, string>('inner');
    let reached = false;
    await handler.handle(reserve, async () => {
      reached = true;
      await clock.advance(0);
      return handler.send(inner, 'x').then(() => 'sent');
    });
    const call = caller.call(reserve, { seats: 1 });
    await until('it runs', () => reached);
    await handler.close();
    expect(await call).toBe('sent');
  });
});

describe('replies of other makes', () => {
  it('are errors with whatever they say', async () => {
    const error = await answering({ payload: Buffer.from('it broke'), headers: { mr_error_code: 'NO_SUCH_CODE' } });
    expect(error).toMatchObject({ code: 'INTERNAL', reason: 'HANDLER_FAILED', message: 'it broke' });
  });

  it('that cannot be read fail the call', async () => {
    const error = await answering({ payload: Buffer.from('{'), headers: { contentType: 'application/json' } });
    expect(error).toMatchObject({ reason: 'DECODE_FAILED' });
  });

  it('keep the correlation id of a caller as it came, in bytes', async () => {
    await handler.handle(reserve, () => 'x');
    const correlationId = new Uint8Array([0, 255, 128]);
    await binder.queue.send('reserve', [
      { id: 'spring', payload: Buffer.from('{}'), headers: { mr_replyTo: Buffer.from('there'), correlationId } },
    ]);
    await until('it is answered', () => binder.replies.length === 1);
    expect(binder.replies[0]).toMatchObject({ to: 'there', message: { headers: { correlationId } } });
  });
});

/** Calls, answers with this message as another responder would, and gives the error that the caller gets. */
async function answering(message: OutboundMessage): Promise<MillraceError> {
  const call = failure(caller.call(reserve, { seats: 1 }));
  await until('it is queued', () => binder.depth === 1);
  const { headers } = binder.sent[0]![0]!;
  const correlationId = Buffer.from(headers['correlationId'] as string);
  await binder.queue.reply([
    { to: headers['mr_replyTo'] as string, message: { ...message, headers: { ...message.headers, correlationId } } },
  ]);
  return call;
}
