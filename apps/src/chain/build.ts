import { messageOf } from '@millrace/core';
import type { Clock } from '@millrace/core';
import { retryDelay, retryPolicy } from '@millrace/messaging/policies';
import type { InputSettings } from '../runtime/bindings.ts';
import { retryOf } from '../runtime/retry.ts';
import type { Connections, ParkOrigin } from '../runtime/connections.ts';
import type { AppContext } from '../runtime/context.ts';
import type { ProcessorDefinition, SinkDefinition } from '../runtime/define.ts';
import { BatchStage } from './batch-stage.ts';
import { fanOut, nowhere } from './next.ts';
import type { Next } from './next.ts';
import { Stage } from './stage.ts';
import type { StageCounts, StagePolicy } from './stage.ts';

/** A processor or sink to be put into a chain. */
export interface ChainLink {
  readonly definition: ProcessorDefinition | SinkDefinition;
  readonly context: AppContext;
  readonly input: InputSettings;
  /** Where its messages come from, or would come from if they went through the binder; names its dead-letter destination. */
  readonly origin: ParkOrigin;
  /** For the first link, if its messages come from a subscription, which retries and parks better than a chain can. */
  readonly handBack?: StagePolicy['handBack'];
  /** Told when a message was put away here, from where it may be sent again. */
  readonly parked?: (() => void) | undefined;
  /** What else gets its output, before or instead of the next link. */
  readonly outputs: readonly Next[];
}

/** A row of apps that hand messages over directly. */
export interface Chain {
  readonly head: Next;
  readonly links: readonly { readonly label: string; readonly next: Next; counts(): StageCounts }[];
  /** Gives up on messages that wait to be tried again. */
  abandon(): void;
  /** Closes the apps, first to last, once nothing is on its way. */
  close(): Promise<void>;
}

interface Running {
  readonly next: Next;
  readonly label: string;
  counts(): StageCounts;
  abandon(): void;
  close(): void | Promise<void>;
}

/** Builds a chain from its last link to its first. Creating the apps raises their errors. */
export function buildChain(links: readonly ChainLink[], connections: Connections, clock: Clock): Chain {
  const running: Running[] = [];
  let next: Next | undefined;
  for (const link of links.toReversed()) {
    const outputs = next === undefined ? link.outputs : [...link.outputs, next];
    const each = runLink(link, outputs.length === 0 ? nowhere : fanOut(outputs), linkPolicy(link, connections, clock));
    running.unshift(each);
    next = each.next;
  }
  return {
    head: next ?? nowhere,
    links: running,
    abandon: () => running.forEach((each) => each.abandon()),
    close: async () => {
      for (const each of running) await each.close();
    },
  };
}

function runLink({ definition, context }: ChainLink, next: Next, policy: StagePolicy): Running {
  const { label } = context;
  const created = definition.create(context);
  const close = () => created.close?.();
  if ('handleBatch' in created) {
    const stage = new BatchStage((messages) => created.handleBatch(messages), policy);
    return { next: stage, label, counts: () => ({ ...stage.counts }), abandon: () => stage.abandon(), close };
  }
  const stage =
    'process' in created
      ? new Stage(created.process, next, policy)
      : new Stage((message) => created.handle(message), undefined, policy);
  return { next: stage, label, counts: () => ({ ...stage.counts }), abandon: () => stage.abandon(), close };
}

function linkPolicy({ input, context, origin, handBack, parked }: ChainLink, connections: Connections, clock: Clock): StagePolicy {
  const retry = retryPolicy(retryOf(input));
  return {
    app: context.label,
    clock,
    concurrency: input.concurrency,
    handBack,
    retryAfter: (attempt, cause) => retryDelay(retry, attempt, cause),
    park: async (message, failure) => {
      const told = `failed ${failure.attempts} time(s): ${messageOf(failure.cause)}`;
      if (!input.park) {
        context.logger.log('ERROR', `A message was skipped; it ${told}`);
        return;
      }
      await connections.park(message, failure, origin);
      parked?.();
      context.logger.log('WARN', `A message was parked; it ${told}`);
    },
  };
}
