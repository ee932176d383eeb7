import type { Call, Handlers } from './call.ts';
import type { BrokerParts } from './parts.ts';

type Names = 'destination.ensure' | 'destination.describe' | 'destination.list' | 'destination.delete';

/** Operations of the provisioner. */
export function destinationHandlers(broker: BrokerParts): Handlers<Names> {
  return {
    'destination.ensure': (call) => ensure(broker, call),
    'destination.describe': (call) => call.answer({ info: broker.destinations.find(call.ask.name)?.info }),
    'destination.list': (call) => call.answer({ infos: broker.destinations.infos() }),
    'destination.delete': (call) => {
      broker.destinations.delete(call.ask.name);
      const staged = { batches: [], applied: () => call.answer({}), failed: (error: unknown) => call.fail(error) };
      broker.stage.add(broker.producers.guard(call, {}, staged));
    },
  };
}

function ensure(broker: BrokerParts, call: Call<'destination.ensure'>): void {
  const { name, spec, requiredGroups = [], attach = false } = call.ask;
  const { destinations } = broker;
  // One who attaches takes an existing destination as it is; one who provisions wants to know of differences.
  if (attach) destinations.ensureLog(name, spec);
  else destinations.ensure(name, spec);
  for (const group of requiredGroups) destinations.log(name).group(group, true).start('earliest');
  broker.stage.afterCommit(call, () => call.answer({ info: destinations.find(name)!.info }));
}
