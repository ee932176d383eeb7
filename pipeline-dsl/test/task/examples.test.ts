import { describe, expect, it } from 'vitest';
import {
  childTasks,
  DslError,
  executableText,
  parseTask,
  taskGraphToText,
  taskToGraph,
  taskToText,
  type ChildTask,
  type TaskNode,
} from '@millrace/pipeline-dsl';
import { taskExamples, type TaskExample } from './examples.ts';

// Where we differ on purpose: the original crashes or produces text that cannot run or be read back.
const ours: Readonly<Record<string, Partial<TaskExample> & { readonly because: string }>> = {
  T002: { because: 'definition order', graphText: "extract --day=2026-01-01 --mode='full load'" },
  T015: {
    because: '$END and $FAIL are no children',
    executable: "etl-extract 'FAILED'->$FAIL '*'->$END && etl-load",
    children: 'etl-extract,etl-load',
  },
  T018: { because: 'a bare -1 cannot be read back', graphText: "extract '-1'->alarm" },
  T021: {
    because: 'sequences are joined with ";"',
    executable: 'etl-extract 1->:fix && etl-load;etl-fix && etl-report',
    graphText: 'extract 1->:fix && load;fix: repair && report',
  },
  T022: {
    because: 'sequences are joined with ";"',
    executable: 'etl-extract 1->:fix && etl-load;etl-fix',
    graphText: 'extract 1->:fix && load;fix: repair',
  },
  T065: { because: '$END and $FAIL are no children', executable: '$END && etl-a', children: 'etl-a' },
};

// The original refuses these.
const accepted: Readonly<Record<string, TaskExample>> = {
  T069: {
    id: 'T069',
    name: 'etl',
    input: 'a 1->b && c 1->$FAIL && d 1->$FAIL',
    composed: true,
    executable: 'etl-a 1->etl-b && etl-c 1->$FAIL && etl-d 1->$FAIL',
    children: 'etl-a,etl-b,etl-c,etl-d',
  },
};

const parse = ({ name, input, definitions }: TaskExample) => parseTask(input, { name, appMode: definitions !== true });

function failureOf(example: TaskExample): DslError {
  try {
    parse(example);
  } catch (error) {
    if (error instanceof DslError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const summary = ({ dslCode, codeName, position }: Pick<DslError, 'dslCode' | 'codeName' | 'position'>) =>
  `${dslCode} ${codeName} @${position}`;

function childText({ name, options }: ChildTask): string {
  const shown = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return shown.length === 0 ? name : `${name}{${shown.join(', ')}}`;
}

const squeeze = (text: string) => text.replaceAll(/\s+/g, ' ');
const meaning = (node: TaskNode) => [node.composed, executableText(node), childTasks(node)];

describe('the examples of the reference', () => {
  it('are all here', () => {
    expect(taskExamples.map(({ id }) => id)).toEqual(
      Array.from({ length: 69 }, (_, index) => `T${String(index + 1).padStart(3, '0')}`),
    );
  });

  const expected = taskExamples.map((example) => accepted[example.id] ?? { ...example, ...ours[example.id] });

  it.each(expected.filter(({ error }) => error !== undefined))('$id does not parse: $input', (example) => {
    const failure = failureOf(example);
    expect(summary(failure)).toBe(example.error);
    expect(failure.problems).toEqual([]);
  });

  it.each(expected.filter(({ invalid }) => invalid !== undefined))('$id breaks a rule: $input', (example) => {
    const failure = failureOf(example);
    expect(failure.problems.map(summary)).toEqual([example.invalid]);
    expect(summary(failure)).toBe(example.invalid);
    expect(parseTask(example.input, { name: example.name, validate: false }).name).toBe(example.name);
  });

  const fine = expected.filter(({ composed }) => composed !== undefined);

  it.each(fine)('$id means the same: $input', (example) => {
    const node = parse(example);
    expect(node.composed).toBe(example.composed);
    expect(executableText(node)).toBe(example.executable);
    expect(childTasks(node).map(childText).join(',')).toBe(example.children);
  });

  it.each(fine)('$id survives its normalised text: $input', (example) => {
    const node = parse(example);
    expect(meaning(parseTask(taskToText(node), { name: example.name }))).toEqual(meaning(node));
  });

  it.each(fine)('$id comes back from its graph: $input', (example) => {
    const text = taskGraphToText(taskToGraph(parse(example)));
    if (example.graphText === undefined) expect(squeeze(text)).toBe(squeeze(example.input));
    else expect(text).toBe(example.graphText);
  });

  it.each(fine)('$id has a graph that its text gives again: $input', (example) => {
    const graph = taskToGraph(parse(example));
    const text = taskGraphToText(graph);
    expect(taskGraphToText(taskToGraph(parseTask(text)))).toBe(text);
  });

  it.each([...Object.entries(ours), ...Object.entries(accepted)])('%s deviates only where it says so', (id, change) => {
    const original = taskExamples.find((example) => example.id === id)!;
    const { because: _, ...deviation } = { because: '', ...change };
    expect(original).not.toMatchObject(deviation);
  });
});
