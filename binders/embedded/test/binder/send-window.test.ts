import { describe, expect, it } from 'vitest';
import { SendWindow } from '../../src/binder/client.ts';

/** Tasks that end when they are told to, and the order in which they began. */
function tasks() {
  const window = new SendWindow(10);
  const begun: string[] = [];
  const end = new Map<string, () => void>();
  const send = (name: string, bytes: number): Promise<void> =>
    window.within(bytes, () => {
      begun.push(name);
      return new Promise((resolve) => end.set(name, resolve));
    });
  return { begun, end, send };
}

describe('the window of sends', () => {
  it('begins what waited before what asks when room becomes free', async () => {
    const { begun, end, send } = tasks();
    const first = send('first', 8);
    void send('second', 8);
    expect(begun).toEqual(['first']);
    end.get('first')!();
    await first;
    void send('third', 1);
    expect(begun).toEqual(['first', 'second', 'third']);
  });

  it('lets one task larger than itself run alone', async () => {
    const { begun, end, send } = tasks();
    const small = send('small', 1);
    void send('huge', 100);
    expect(begun).toEqual(['small']);
    end.get('small')!();
    await small;
    expect(begun).toEqual(['small', 'huge']);
  });

  it('has room again after a task that failed', async () => {
    const window = new SendWindow(10);
    await expect(window.within(10, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await window.within(10, () => Promise.resolve('sent'))).toBe('sent');
  });
});
