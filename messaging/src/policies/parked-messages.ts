import { notBuilt } from '../errors.ts';
import type { ParkedMessages } from './parked.ts';

/** The parked messages of all binders. */
export function createParkedMessages(): ParkedMessages {
  return {
    summary: notBuilt('summary'),
    list: notBuilt('list'),
    show: notBuilt('show'),
    edit: notBuilt('edit'),
    redrive: notBuilt('redrive'),
    discard: notBuilt('discard'),
  };
}
