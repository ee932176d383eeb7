import { MillraceError } from '@millrace/core';
import type { BinderCapabilities, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import type { Sabotage } from './sabotage.ts';

/** A restart that touches no data: what goes wrong in it is the sabotage alone. */
export function durable(sabotage: Sabotage = {}): Sabotage {
  return {
    restart: async () => undefined,
    capabilities: (real: BinderCapabilities) => Object.freeze({ ...real, durability: 'process-crash' as const }),
    ...sabotage,
  };
}

const all: readonly BrokenBinder[] = [
  {
    name: 'never settles a send at a restart',
    sabotage: () =>
      duringRestart((real, isRestarting) => ({
        send: (messages) => (isRestarting() ? new Promise<never>(() => undefined) : real.send(messages)),
      })),
    caughtBy: ['under restart › publishing goes on and loses nothing, and every send settles'],
  },
  {
    name: 'acknowledges what it loses at a restart',
    sabotage: () =>
      duringRestart((real, isRestarting) => ({
        send: async (messages) => (isRestarting() ? messages.map((): SendOutcome => ({})) : real.send(messages)),
      })),
    caughtBy: ['under restart › publishing goes on and loses nothing, and every send settles'],
  },
  {
    name: 'says for certain that it refused what it accepted',
    sabotage: () => {
      const failure = new MillraceError('gone', { code: 'UNAVAILABLE', reason: 'broken' });
      return duringRestart((real, isRestarting) => ({
        async send(messages) {
          const outcomes = await real.send(messages);
          return isRestarting() ? outcomes.map(() => ({ error: failure })) : outcomes;
        },
      }));
    },
    caughtBy: ['under restart › sends under way settle, and say what became of them'],
  },
  {
    name: 'forgets its consumers at a restart',
    sabotage: () => {
      let restarts = 0;
      return durable({
        restart: async () => void restarts++,
        consumer: (real) => ({
          receive: (max, waitMs) => (restarts > 0 ? new Promise<never>(() => undefined) : real.receive(max, waitMs)),
        }),
      });
    },
    caughtBy: ['under restart › consuming goes on and loses nothing'],
  },
  {
    name: 'forgets what was acknowledged at a restart',
    sabotage: () => durable({ consumer: () => ({ ack: async () => undefined }) }),
    caughtBy: ['after a restart › messages are there, and what was acknowledged does not come again'],
  },
];

/** Broken on the plain binder, as what survives a restart is looked at by a second client. */
export const brokenRestarts: readonly BrokenBinder[] = all.map(({ name, sabotage, caughtBy }) => ({
  name,
  sabotage,
  caughtBy,
  of: 'plain',
}));

/** A restart that takes a moment, and what sends do in it. */
function duringRestart(producer: (real: ProducerBinding, isRestarting: () => boolean) => Partial<ProducerBinding>): Sabotage {
  let isRestarting = false;
  return durable({
    async restart() {
      isRestarting = true;
      await new Promise((resolve) => setTimeout(resolve, 20));
      isRestarting = false;
    },
    producer: (real) => producer(real, () => isRestarting),
  });
}
