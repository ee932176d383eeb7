import { optionMarkdown } from '@millrace/core';
import { commonOptions } from '@millrace/deployer-contract';
import { fixedByDefault, localOptions } from '@millrace/deployer-local';
import type { Page } from './page.ts';

/** The deployment properties of every platform, from the specs that they are read with. */
export function deployerPage(): Page {
  const intro =
    'Given to an app as `deployer.<app>.<name>`, or to all as `deployer.*.<name>`, where `<name>` is what follows `spring.cloud.deployer.` here; names may be written in kebab case or camel case. A property that does not exist is refused; one of another platform is ignored, with a warning.';
  const fixed = fixedByDefault.map((name) => `\`${name}\``).join(', ');
  const local = `## Local\n\n${optionMarkdown(localOptions)}\n\nOnly the settings of the platform may have ${fixed}, unless the server is set up otherwise.`;
  const text = `# Deployment properties\n\n${intro}\n\n## Every platform\n\n${optionMarkdown(commonOptions)}\n\n${local}`;
  return { path: 'docs/reference/deployment-properties.md', text };
}
