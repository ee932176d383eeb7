import { flatten } from '@millrace/core';

/**
 * The facts that Cloud Foundry gives in `VCAP_APPLICATION` and `VCAP_SERVICES`, read by `variable`, as `vcap.application.*` and
 * `vcap.services.<service instance>.*`.
 */
export function cloudFoundryValues(
  variable: (name: string) => Readonly<Record<string, unknown>>,
  instanceIndex: string | undefined,
): ReadonlyMap<string, unknown> {
  const index = instanceIndex === undefined ? {} : { instance_index: instanceIndex };
  const services = Object.values(variable('VCAP_SERVICES')).flat();
  const named = services.filter(
    (service): service is { name: string } => typeof (service as { name?: unknown })?.name === 'string',
  );
  return flatten({
    vcap: {
      application: { ...variable('VCAP_APPLICATION'), ...index },
      services: Object.fromEntries(named.map((service) => [service.name, service])),
    },
  });
}
