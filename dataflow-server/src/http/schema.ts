import { problem } from '@millrace/dataflow-api';
import { pathOf, selfLink } from './route.ts';
import type { Call, Route } from './route.ts';

/** The families of tables that executions of tasks are kept in, by the generation of Spring Boot. */
const targets = [
  { name: 'boot3', schemaVersion: '3', taskPrefix: 'BOOT3_TASK_', batchPrefix: 'BOOT3_BATCH_', datasource: null },
  { name: 'boot2', schemaVersion: '2', taskPrefix: 'TASK_', batchPrefix: 'BATCH_', datasource: null },
];

/** `/schema`: what clients ask before they register applications. */
export const schemaRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/schema/versions',
    role: 'VIEW',
    run: () => ({ body: { defaultSchemaVersion: '2', versions: ['2', '3'] } }),
  },
  {
    method: 'GET',
    path: '/schema/targets',
    role: 'VIEW',
    run: (call) => ({
      body: {
        defaultSchemaTarget: 'boot2',
        schemas: targets.map((each) => resource(call, each)),
        _links: selfLink(call, '/schema/targets'),
      },
    }),
  },
  {
    method: 'GET',
    path: '/schema/targets/:name',
    role: 'VIEW',
    run(call) {
      const name = call.path['name']!;
      const found = targets.find((each) => each.name === name);
      if (found === undefined) throw problem('SCHEMA_TARGET_UNKNOWN', { name });
      return { body: resource(call, found) };
    },
  },
];

function resource(call: Call, target: (typeof targets)[number]): object {
  return { ...target, _links: selfLink(call, pathOf('schema', 'targets', target.name)) };
}
