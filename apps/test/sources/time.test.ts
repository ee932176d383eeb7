import { ManualClock } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { dateFormat } from '../../src/sources/date-format.ts';
import { time } from '../../src/sources/time.ts';
import { source } from '../harness.ts';

const date = new Date(2026, 2, 5, 14, 7, 9, 42);

describe('dateFormat', () => {
  it.each([
    ['MM/dd/yy HH:mm:ss', '03/05/26 14:07:09'],
    ['yyyy-MM-dd hh:mm a', '2026-03-05 02:07 PM'],
    ['EEE, d MMM yyyy', 'Thu, 5 Mar 2026'],
    ['EEEE MMMM', 'Thursday March'],
    ["yyyy'T'HH 'o''clock' ''", "2026T14 o'clock '"],
    ['H:m:s.SSS', '14:7:9.042'],
    ['D u k K', '64 4 14 2'],
  ])('%s', (pattern, expected) => {
    expect(dateFormat(pattern)(date)).toBe(expected);
  });

  it('knows midnight and noon', () => {
    const midnight = new Date(2026, 0, 1, 0, 0);
    expect(dateFormat('H k K h a')(midnight)).toBe('0 24 0 12 AM');
  });

  it('writes time zones as offsets', () => {
    expect(dateFormat('Z')(date)).toMatch(/^[+-]\d{4}$/);
    expect(dateFormat('XXX')(date)).toMatch(/^(Z|[+-]\d\d:\d\d)$/);
  });

  it('names a letter that it does not know', () => {
    expect(() => dateFormat('QQQ')).toThrow(/letter 'Q'/);
  });
});

describe('time source', () => {
  it('emits one text per interval', async () => {
    const clock = new ManualClock(date.getTime());
    const { seen } = source(time, { 'spring.integration.poller.initial-delay': '500' }, { clock });
    await clock.advance(499);
    expect(seen).toHaveLength(0);
    await clock.advance(1);
    await clock.advance(1000);
    await clock.advance(1000);
    expect(seen.map((message) => message.payload)).toEqual(['03/05/26 14:07:09', '03/05/26 14:07:10', '03/05/26 14:07:11']);
    expect(seen[0]!.contentType).toBe('text/plain');
  });

  it('emits several messages per tick where asked to', async () => {
    const clock = new ManualClock(date.getTime());
    const { seen } = source(time, { 'spring.integration.poller.max-messages-per-poll': '3' }, { clock });
    await clock.advance(0);
    expect(seen).toHaveLength(3);
  });

  it('refuses cron', async () => {
    const { ended } = source(time, { 'spring.integration.poller.cron': '* * * * * *' });
    await expect(ended).rejects.toMatchObject({ reason: 'UNSUPPORTED_OPTION' });
  });
});
