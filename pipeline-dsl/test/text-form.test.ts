import { expect, it } from 'vitest';
import { DslError, formatDslError, parseStream, parseTask } from '@millrace/pipeline-dsl';

function textForm(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DslError) return formatDslError(error);
    throw error;
  }
  return 'accepted';
}

const lines = (text: string) => text.split('\n');

it('marks the end of what was understood and the fault', () => {
  const [heading, ...rest] = lines(textForm(() => parseStream('web >')));
  expect(heading).toBe('112E:(pos 5): the definition ends too early; expected a destination');
  expect(rest).toEqual(['web >', '   * ^', '']);
});

it('prints only the star where both fall on the same column', () => {
  expect(lines(textForm(() => parseStream('web'.concat(',')))).slice(1)).toEqual(['web,', '   ^', '']);
  expect(lines(textForm(() => parseStream('web.v1'))).slice(1)).toEqual(['web.v1', '   *']);
});

it('prints no star before anything was understood', () => {
  expect(lines(textForm(() => parseStream('| web'))).slice(1)).toEqual(['| web', '^', '']);
});

it('prints the text from the start of the failing line', () => {
  expect(lines(textForm(() => parseTask('a &&\nb c'))).slice(1)).toEqual(['b c', ' *^', '']);
});

it('shows the name when the name is at fault', () => {
  expect(lines(textForm(() => parseStream('a | b', { name: '9pay' }))).slice(1)).toEqual(['9pay', '^', '']);
});

it('has nothing to show of an empty text', () => {
  expect(textForm(() => parseStream(''))).toBe('112E:(pos 0): the definition ends too early; expected an app name^\n');
});

it('lists every broken rule of a task', () => {
  const text = textForm(() => parseTask('a && a && b;c'));
  expect(text).toMatch(/^Problems found when validating 'a && a && b;c': \[166E:\(pos 5\): .*, 158E:\(pos 12\): .*\]$/);
});

it('keeps the definition, which may hold secrets, out of what is logged', () => {
  try {
    parseStream('web --password=s3cr3t |');
    expect.unreachable();
  } catch (error) {
    expect(JSON.stringify(error)).not.toContain('s3cr3t');
    expect(
      Object.values(error as object)
        .map(String)
        .join(),
    ).not.toContain('s3cr3t');
    expect((error as DslError).toJSON()).toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'OOD',
      details: { dslCode: 112, position: 23 },
    });
  }
});
