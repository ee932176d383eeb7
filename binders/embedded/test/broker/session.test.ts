import { describe, expect, it } from 'vitest';
import { Session } from '../../src/broker/session.ts';
import type { Attached } from '../../src/broker/session.ts';

class Kept implements Attached {
  closed = 0;

  close(): void {
    this.closed++;
  }
}

class Consumer extends Kept {
  readonly kind = 'consumer';
}

class Watch extends Kept {
  readonly kind = 'watch';
}

describe('a session', () => {
  it('finds what was attached, by name and kind', () => {
    const session = new Session();
    const consumer = new Consumer();
    session.attach('c', consumer);
    expect(session.attached(Consumer, 'c')).toBe(consumer);
    expect(() => session.attached(Watch, 'c')).toThrow(expect.objectContaining({ reason: 'CONSUMER_GONE' }));
    expect(() => session.attached(Consumer, 'other')).toThrow(expect.objectContaining({ reason: 'CONSUMER_GONE' }));
  });

  it('leaves the closing of what is detached to who detaches it', () => {
    const session = new Session();
    const consumer = new Consumer();
    session.attach('c', consumer);
    expect(session.detach(Consumer, 'c')).toBe(consumer);
    expect(session.detach(Consumer, 'c')).toBeUndefined();
    session.close();
    expect(consumer.closed).toBe(0);
  });

  it('keeps what is of another kind than the one to be detached', () => {
    const session = new Session();
    const watch = new Watch();
    session.attach('w', watch);
    expect(session.detach(Consumer, 'w')).toBeUndefined();
    session.close();
    expect(watch.closed).toBe(1);
  });

  it('closes what gives way to another of the same name', () => {
    const session = new Session();
    const [former, present] = [new Consumer(), new Consumer()];
    session.attach('c', former);
    session.attach('c', present);
    expect([former.closed, present.closed]).toEqual([1, 0]);
    expect(session.attached(Consumer, 'c')).toBe(present);
  });

  it('runs what waits for its end and closes everything attached, once', () => {
    const session = new Session();
    const attached = [new Consumer(), new Watch()];
    attached.forEach((one, i) => session.attach(`${i}`, one));
    const ran: string[] = [];
    session.onClose(() => ran.push('kept'));
    const takeBack = session.onClose(() => ran.push('taken back'));
    takeBack();
    session.close();
    session.close();
    expect(ran).toEqual(['kept']);
    expect(attached.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(session.closed).toBe(true);
  });
});
