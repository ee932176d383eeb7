import type { Clock } from '@millrace/core';
import type { BrokerLimits } from './context.ts';
import type { Destinations } from './destinations.ts';
import type { Producers } from './producers.ts';
import type { Replies } from './replies.ts';
import type { Stage } from './stage.ts';

/** The parts of the broker that operations work on. */
export interface BrokerParts {
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  readonly stage: Stage;
  readonly destinations: Destinations;
  readonly replies: Replies;
  readonly producers: Producers;
}
