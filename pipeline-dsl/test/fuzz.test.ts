import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  childTasks,
  completeStream,
  completeTask,
  defineStream,
  DslError,
  executableText,
  formatDslError,
  parseCommand,
  parseStream,
  parseTask,
  streamToText,
  taskToText,
} from '@millrace/pipeline-dsl';
import { catalogue } from './completion/catalogue.ts';
import { streamExamples } from './stream/examples.ts';
import { taskExamples } from './task/examples.ts';

const pieces = (
  "web|a|b|a: b|l: |x:| |  |.|..|*|/|#|>| > |:|:x|:in > | > :out|--| --p=1| --q=|'|\"|''|'x y'|\"x\"|=|-|$|\n|\r|\t|;|@|&| && |<|(|)" +
  "|\\|é|\0|\ud800| --a.b=c| --group=g|bridge|s = |,|->| 'F'->k| 1->b| *->z|:fix|$END|$FAIL"
)
  .split('|')
  .concat('|', ' || ');

const texts = oneof(
  array(constantFrom(...pieces), { maxLength: 14 }).map((list) => list.join('')),
  string(),
);

/** Small and seeded, so that a failing input can be found again. */
function seededTexts(seed: number, count: number): string[] {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const samples = [...streamExamples, ...taskExamples].map(({ input }) => input);
  return Array.from({ length: count }, () => {
    const text = samples[next(samples.length)]!;
    const at = next(text.length + 1);
    const piece = pieces[next(pieces.length)]!;
    return text.slice(0, at) + piece + text.slice(at + next(4));
  });
}

// Whether it was accepted; anything but a sound DslError is a failure of the test.
function attempt(text: string, run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (!(error instanceof DslError)) throw new Error(`not a DslError for ${JSON.stringify(text)}`, { cause: error });
    const isInside = Number.isInteger(error.position) && error.position >= 0 && error.position <= text.length;
    const isPrinted = formatDslError(error).includes(`${error.dslCode}E:(pos ${error.position})`);
    if (!isInside || !isPrinted) throw new Error(`position or text form is wrong for ${JSON.stringify(text)}`, { cause: error });
    return false;
  }
}

function checkStream(text: string): boolean {
  return attempt(text, () => {
    const definition = defineStream(parseStream(text));
    const canonical = streamToText(definition);
    const again = defineStream(parseStream(canonical, { name: definition.name }));
    if (JSON.stringify(again) !== JSON.stringify(definition)) expect({ text, ...again }).toEqual({ text, ...definition });
    streamToText(definition, { redact: true });
  });
}

function checkTask(text: string): boolean {
  return attempt(text, () => {
    const node = parseTask(text, { name: 'etl' });
    const again = parseTask(taskToText(node), { name: 'etl' });
    const meaning = [executableText(node), childTasks(node), node.composed];
    const meaningAgain = [executableText(again), childTasks(again), again.composed];
    if (JSON.stringify(meaning) !== JSON.stringify(meaningAgain))
      expect({ text, meaningAgain }).toEqual({ text, meaningAgain: meaning });
  });
}

describe('whatever the text', () => {
  it('streams are read back or refused with a position', () => {
    assert(
      property(texts, (text) => void checkStream(text)),
      { numRuns: 20_000, seed: 1 },
    );
    const accepted = seededTexts(11, 40_000).filter(checkStream);
    expect(accepted.length).toBeGreaterThan(4000);
  });

  it('tasks are read back or refused with a position', () => {
    assert(
      property(texts, (text) => void checkTask(text)),
      { numRuns: 20_000, seed: 2 },
    );
    const accepted = seededTexts(12, 40_000).filter(checkTask);
    expect(accepted.length).toBeGreaterThan(2000);
  });

  it('commands are answered', () => {
    for (const [index, dsl] of seededTexts(13, 10_000).entries()) {
      const answer = parseCommand({ kind: index % 2 === 0 ? 'stream' : 'task', dsl, validate: index % 3 === 0 });
      if (typeof answer.ok !== 'boolean') expect({ dsl, answer }).toMatchObject({ answer: { ok: expect.any(Boolean) } });
    }
  });

  it('completions replace only what is before the cursor', () => {
    for (const [index, text] of seededTexts(14, 10_000).entries()) {
      const cursor = index % (text.length + 1);
      for (const proposal of [...completeStream(text, cursor, catalogue), ...completeTask(text, cursor, catalogue)]) {
        const { from, to, insert } = proposal;
        const isSound = from <= to && to === cursor && proposal.text === text.slice(0, from) + insert + text.slice(to);
        if (!isSound) expect({ text, cursor, proposal }).toBeUndefined();
      }
    }
  });
});

it('long texts take time in proportion', () => {
  const apps = Array.from({ length: 20_000 }, (_, index) => `a${index}: app --p='${index}'`);
  expect(parseStream(apps.join(' | ')).apps).toHaveLength(20_000);
  expect(() => parseStream(`web --p='${"''".repeat(500_000)}`)).toThrow('never ends');
});
