import { embeddedBinder } from '@millrace/binder-embedded';
import { kafkaBinder } from '@millrace/binder-kafka';
import { rabbitBinder } from '@millrace/binder-rabbitmq';
import type { BinderCapabilities } from '@millrace/messaging/binder';
import { table } from './page.ts';
import type { Page } from './page.ts';

/** What each binder can do, from the capabilities in its code. */
export function binderPage(): Page {
  const binders: readonly (readonly [string, BinderCapabilities])[] = [
    ['embedded', embeddedBinder({ dataDir: '.millrace' }).capabilities],
    ['embedded (memory)', embeddedBinder({ memory: true }).capabilities],
    ['kafka', kafkaBinder().capabilities],
    ['rabbitmq (queues)', rabbitBinder({ destinations: 'queues' }).capabilities],
    ['rabbitmq (streams)', rabbitBinder({ destinations: 'streams' }).capabilities],
  ];
  const rows = [...flatten(binders[0]![1])].map(([name]) => [
    `\`${name}\``,
    ...binders.map(([, capabilities]) => flatten(capabilities).get(name) ?? '–'),
  ]);
  const intro =
    'What is declared here works on that binder and is proved by the conformance kit; what is not declared fails with `UNSUPPORTED`, which the kit proves too.';
  return {
    path: 'docs/reference/binders.md',
    text: `# Binders and their capabilities\n\n${intro}\n\n${table(['Capability', ...binders.map(([name]) => name)], rows)}`,
  };
}

function flatten(value: object, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, item] of Object.entries(value)) {
    const path = `${prefix}${name}`;
    if (typeof item === 'object' && item !== null && !Array.isArray(item))
      for (const [inner, text] of flatten(item as object, `${path}.`)) all.set(inner, text);
    else
      all.set(
        path,
        item === true ? 'yes' : item === false ? 'no' : Array.isArray(item) ? item.join(', ') : String(item as string | number),
      );
  }
  return all;
}
