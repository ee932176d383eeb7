import { MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import type { InboundMessage } from '../../src/binder/index.ts';
import { ParkingLot, parkedForm } from '../../src/policies/park.ts';
import { memoryBinder, override } from '../support.ts';

const message: InboundMessage = { payload: Buffer.from('x'), headers: { colour: 'red' }, key: 'k', timestamp: 77 };
const origin = { kind: 'event', destination: 'readings', group: 'alerts', partition: 2, offset: 9 } as const;

test('cause, attempts and origin are told by the names that Spring has for them', () => {
  const error = new MillraceError('no such seat', { code: 'NOT_FOUND', reason: 'X', cause: new Error('row 7') });
  const parked = parkedForm(message, { cause: error, attempts: 3 }, origin);
  expect(parked).toMatchObject({ payload: message.payload, key: 'k' });
  expect(parked.headers).toEqual({
    colour: 'red',
    'x-original-topic': 'readings',
    'x-original-partition': 2,
    'x-original-offset': 9,
    'x-original-timestamp': 77,
    'x-exception-fqcn': 'MillraceError',
    'x-exception-message': 'no such seat; row 7',
    'x-exception-stacktrace': expect.stringContaining('park.test'),
    mr_original_group: 'alerts',
    mr_original_kind: 'event',
    mr_attempts: 3,
    mr_error_code: 'NOT_FOUND',
  });
});

test('a second failure replaces what the first one left', () => {
  const first = parkedForm(message, { cause: new MillraceError('one', { code: 'CONFLICT', reason: 'X' }), attempts: 3 }, origin);
  const redriven = { ...message, headers: { ...first.headers, mr_redrive_id: 'r', mr_redrive_group: 'alerts' } };
  const second = parkedForm(redriven, { cause: 'just text', attempts: 1 }, { ...origin, offset: 20 });
  expect(second.headers).toMatchObject({
    'x-original-offset': 20,
    'x-exception-fqcn': 'string',
    'x-exception-message': 'just text',
    mr_attempts: 1,
  });
  for (const gone of ['mr_redrive_id', 'mr_redrive_group', 'mr_error_code', 'x-exception-stacktrace'])
    expect(second.headers).not.toHaveProperty(gone);
});

test('long messages and stacks are cut, so that a message that fits still fits when it is parked', () => {
  const parked = parkedForm(message, { cause: new Error('x'.repeat(100_000)), attempts: 1 }, origin);
  expect(JSON.stringify(parked.headers).length).toBeLessThan(10_000);
});

test('on a binder without single parked messages they are sent to the dead-letter destination', async () => {
  const binder = memoryBinder();
  await binder.open();
  const lot = new ParkingLot();
  await lot.park(override(binder, { parking: undefined }), message, { cause: new Error('x'), attempts: 1 }, origin);
  const deadLetter = binder.provisioner.deadLetterName('readings', 'alerts');
  const { messages } = await binder.log!.read(deadLetter, 0, 0);
  expect(messages.map(({ headers }) => headers['x-original-topic'])).toEqual(['readings']);
});

test('when it cannot be parked the error says what that means', async () => {
  const binder = memoryBinder();
  await binder.open();
  const error = new MillraceError('disk full', { code: 'RESOURCE_EXHAUSTED', reason: 'X' });
  const parking = override(binder.parking!, { park: () => Promise.resolve([{ error }]) });
  const parked = new ParkingLot().park(override(binder, { parking }), message, { cause: 'x', attempts: 1 }, origin);
  await expect(parked).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    reason: 'NOT_PARKED',
    message: expect.stringContaining('disk full'),
    cause: error,
  });
});
