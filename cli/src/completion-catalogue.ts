import { Catalogue } from '@millrace/apps';
import type { AppKind } from '@millrace/apps';
import type { Catalogue as CompletionCatalogue } from '@millrace/pipeline-dsl';

/** What the pipeline language's completion may propose: the stock apps and their options. */
export function completionCatalogue(catalogue: Catalogue = new Catalogue()): CompletionCatalogue {
  return {
    apps: () => catalogue.list().map(({ name, kind, description }) => ({ name, type: kind, description })),
    options(name, type) {
      const app = catalogue.get(type as AppKind, name);
      return Object.values(app?.options ?? {}).map((spec) => ({
        name: spec.shortName,
        type: spec.type,
        description: spec.doc,
        ...(spec.values === undefined ? {} : { values: spec.values }),
      }));
    },
  };
}
