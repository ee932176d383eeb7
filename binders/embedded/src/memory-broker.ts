import type { Clock } from '@millrace/core';
import { DirectLink } from './binder/direct-link.ts';
import type { Link } from './binder/link.ts';
import { Broker } from './broker/broker.ts';
import type { BrokerLimits } from './broker/context.ts';
import { MemoryJournal } from './journal/memory-journal.ts';

/** Turns taken in a row before timers and I/O get theirs. */
const turnsAtOnce = 200;

/** A broker in this thread whose data lives as long as the link. */
export function memoryLink(clock: Clock, limits: BrokerLimits): Link {
  const journal = new MemoryJournal({ clock });
  // Nothing is saved by waiting: there is no disk.
  const turns = soon();
  const broker = new Broker({ journal, clock, limits, scheduling: { soon: turns, later: turns }, takeOver: false });
  return new DirectLink(broker, () => {
    broker.close();
    journal.close();
  });
}

/** Runs tasks after what is now running, without waiting for the event loop, but never starves it. */
function soon(): (task: () => void) => void {
  let turns = 0;
  return (task) => {
    if (++turns % turnsAtOnce === 0) setImmediate(task);
    else queueMicrotask(task);
  };
}
