import { expect, it } from 'vitest';
import { Catalogue, stockApps } from '../src/catalogue.ts';
import { parsePipelines, planPipeline } from '../src/index.ts';
import { appMarkdown, appMetadata, catalogueMarkdown } from '../src/docs.ts';

const catalogue = new Catalogue();

it('appMarkdown has the description, the example, all options and all differences', () => {
  for (const app of stockApps) {
    const page = appMarkdown(app);
    expect(page).toContain(app.description);
    for (const spec of Object.values(app.options)) expect(page).toContain(`\`${spec.name}\``);
    for (const { what } of app.differences) expect(page).toContain(what);
  }
  expect(appMarkdown(catalogue.require('processor', 'bridge'))).toContain('## Options\n\nNone.');
});

it('catalogueMarkdown lists every app once', () => {
  const rows = catalogueMarkdown(catalogue).match(/^\| `/gm);
  expect(rows).toHaveLength(stockApps.length);
});

it("appMetadata has the names that SCDF's clients complete", () => {
  const { json, visible } = appMetadata(catalogue.require('processor', 'filter'));
  expect(json.properties).toEqual([
    {
      name: 'filter.function.expression',
      type: 'org.springframework.expression.Expression',
      description: 'Keeps a message if this is true.',
      defaultValue: 'true',
    },
  ]);
  expect(visible).toBe('configuration-properties.names=filter.function.expression\n');
});

it.each(stockApps.map((app) => [app.name, app.example] as const))(
  'the example of %s is a pipeline that can run',
  (name, example) => {
    const [parsed] = parsePipelines([{ dsl: example! }]);
    const plan = planPipeline(parsed!, catalogue, {});
    expect(plan.apps.map(({ definition }) => definition.name)).toContain(name);
  },
);
