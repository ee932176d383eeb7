import { expect, it } from 'vitest';
import { isRightStatus, replay } from './replay.ts';
import type { Difference } from './replay.ts';

const streamApps = ['source.web', 'processor.score', 'sink.ledger', 'app.side'];
const maven = (keys: readonly string[]) =>
  keys.map((key) => `${key}=maven://org.example.apps:${key.split('.').toReversed().join('-')}:1.0.0`);

/** Titles of what is answered otherwise on purpose, but for refusals with a better status. */
const others = (differences: readonly Difference[]): readonly string[] =>
  differences.filter((each) => !isRightStatus(each)).map(({ title }) => title);

it('answers for itself as recorded', async () => {
  expect(others(await replay('00-root-about.json', []))).toEqual([
    // A page for people, in our words.
    'Accept that is not JSON',
    // Names and versions are ours.
    'about',
    'management info',
    'unknown path as HTML',
  ]);
});

it('registers applications as recorded', async () => {
  expect(others(await replay('01-apps.json', []))).toEqual([
    // The original tells of an index in a text.
    'explicit version that contradicts the URI',
    // The original tells of a class of its own.
    'unknown scheme',
    // It stays the default that it was.
    'import with force',
    // Registered at the recorded server only.
    'detail with resolvable metadata',
    'exhaustive',
  ]);
});

it('keeps definitions of streams as recorded', async () => {
  const found = others(await replay('02-stream-definitions.json', maven(streamApps)));
  expect(found).toMatchInlineSnapshot(`
    [
      "create with secret",
      "labels and group",
      "parse error",
      "parse error with checkpoint",
      "bad name",
      "crash of the original parser",
      "bad JSON body",
      "list sorted, page",
      "search",
      "deployment of an undeployed stream",
      "deployment of unknown",
      "deploy unknown",
      "undeploy not deployed",
      "undeploy unknown",
      "history, never deployed",
      "manifest, never deployed",
      "scale, not deployed",
      "rollback, not deployed",
      "update, not deployed",
      "deploy with invalid property key",
      "deploy, bad JSON",
      "deploy, jars cannot be resolved",
      "undeploy all",
      "runtime of undeployed",
      "runtime all",
      "logs of undeployed",
    ]
  `);
});
