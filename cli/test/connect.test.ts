import { describe, expect, it } from 'vitest';
import type { Codec } from '../src/index.ts';
import { connect, eventStream } from '../src/index.ts';

const csv: Codec = {
  contentType: 'text/csv',
  encode: (row) => Buffer.from((row as string[]).join(',')),
  decode: (bytes) => new TextDecoder().decode(bytes).split(','),
};
const rows = eventStream<string[]>('rows', { contentType: 'text/csv' });

function refuse(): never {
  throw new Error('no number today');
}

describe('connect', () => {
  it('hands codecs to the runtime, and without them the payload of an unknown type cannot be encoded', async () => {
    await using mr = await connect({ config: false, memory: true, codecs: [csv] });
    await mr.publish(rows, ['a', 'b']);
    const read = [];
    for await (const batch of mr.read(rows)) read.push(...batch.map((event) => event.payload));
    expect(read).toEqual([['a', 'b']]);
    await using plain = await connect({ config: false, memory: true });
    await expect(plain.publish(rows, ['a', 'b'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('tells the given log what operators should know', async () => {
    const told: string[] = [];
    await using mr = await connect({ config: false, memory: true, log: (level, text) => told.push(`${level} ${text}`) });
    const numbers = eventStream<number>('numbers');
    await mr.subscribe(numbers, { group: 'g', retry: { maxAttempts: 1 }, onFailure: 'skip' }, refuse);
    await mr.publish(numbers, 1);
    await expect.poll(() => told).toEqual(["error skipped an event of 'numbers' that failed: no number today"]);
  });

  it('counts an error thrown in a timer of a handler as a failure of its message', async () => {
    await using mr = await connect({ config: false, memory: true });
    const numbers = eventStream<number>('numbers');
    await mr.subscribe(numbers, { group: 'g', retry: { maxAttempts: 1 } }, () => {
      setTimeout(() => {
        throw new Error('thrown in a timer');
      });
      return new Promise(() => undefined);
    });
    await mr.publish(numbers, 1);
    await expect
      .poll(() => mr.parked.list({ destination: 'numbers' }))
      .toMatchObject([{ cause: { message: expect.stringMatching(/^[^;]*: thrown in a timer; await [^;]*$/) as string } }]);
  });
});
