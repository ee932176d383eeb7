import { describe, expect, it } from 'vitest';
import { bindingKeys, defineStream, DslError, parseStream, streamToText, type StreamApp } from '@millrace/pipeline-dsl';
import { streamExamples, type StreamExample } from './examples.ts';

// Where we differ on purpose: the original crashes, loses data, or has no defined order.
const ours: Readonly<Record<string, Partial<StreamExample> & { readonly because: string }>> = {
  S014: { because: 'crash: a ">" may touch a destination', apps: 'ledger:sink in=orders@pay', canonical: ':orders > ledger' },
  S113: { because: 'crash: a ">" may touch a destination', apps: 'a:sink in=x.y@pay', canonical: ':x.y > a' },
  S117: { because: 'crash: data after the sink', error: '100 UNEXPECTED_DATA_AFTER_STREAMDEF @8' },
  S118: { because: 'crash: ":" is no part of a destination', error: '171 UNEXPECTED_DATA_IN_DESTINATION_NAME @2' },
  S121: { because: 'crash: "x--group" is one identifier', error: '171 UNEXPECTED_DATA_IN_DESTINATION_NAME @9' },
  S155: { because: 'crash: dot at the end', error: '139 NO_WHITESPACE_IN_DESTINATION_DEFINITION @8' },
  S069: { because: 'the canonical text must read back', canonical: `web --p="it's" | audit` },
  S070: { because: 'the canonical text must read back', canonical: `web --p="it's" | audit` },
  S078: { because: 'the canonical text must read back', canonical: "web --p='a>b' | audit" },
  S098: {
    because: 'definition order',
    canonical: 'web --dbPassword=s3cr3t --url=http://h | audit --apiKey=k',
    redacted: "web --dbPassword='******' --url='******' | audit --apiKey='******'",
  },
  S109: { because: 'label before group', canonical: ':x > lbl: app --group=g' },
  S125: { because: 'the canonical text must read back', canonical: `web --p="x'y z | a"` },
  S131: { because: 'the canonical text must read back', canonical: "web --p='line1\nline2' | z" },
};

function optionsText(app: StreamApp): string {
  const short = 'spring.cloud.stream.';
  const contentTypes = Object.entries(app.bindings).filter(([key]) => key.endsWith('.contentType'));
  const shown = [...contentTypes.map(([key, value]) => [key.slice(short.length), value] as const), ...Object.entries(app.options)];
  const quoted = shown.map(([key, value]) => `${key}=${/[^\w.:/-]/.test(value) ? JSON.stringify(value) : value}`);
  return quoted.length === 0 ? '' : `{${quoted.toSorted().join(', ')}}`;
}

function appText(app: StreamApp): string {
  const input = app.bindings[bindingKeys.inputDestination];
  const output = app.bindings[bindingKeys.outputDestination];
  return [
    `${app.label === app.name ? '' : `${app.label}=`}${app.name}:${app.type}${optionsText(app)}`,
    ...(input === undefined ? [] : [`in=${input}@${app.bindings[bindingKeys.inputGroup]}`]),
    ...(output === undefined ? [] : [`out=${output}`]),
  ].join(' ');
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DslError) return `${error.dslCode} ${error.codeName} @${error.position}`;
    throw error;
  }
  return 'accepted';
}

const named = ({ name }: StreamExample) => (name === undefined ? {} : { name });

describe('the examples of the reference', () => {
  it('are all here', () => {
    expect(streamExamples.map(({ id }) => id)).toEqual(
      Array.from({ length: 160 }, (_, index) => `S${String(index + 1).padStart(3, '0')}`),
    );
  });

  const expected = streamExamples.map((example) => ({ ...example, ...ours[example.id] }));
  const refused = expected.filter(({ error }) => error !== undefined);
  const accepted = expected.filter(({ error }) => error === undefined);

  it.each(refused)('$id is refused: $input', (example) => {
    expect(failure(() => parseStream(example.input, named(example)))).toBe(example.error);
  });

  it.each(accepted)('$id means the same: $input', (example) => {
    const definition = defineStream(parseStream(example.input, named(example)));
    const { apps, parsed } = example;
    if (apps !== undefined) expect(definition.apps.map(appText).join(' ;; ')).toBe(apps);
    if (parsed !== undefined) {
      expect(parseStream(example.input).ownName).toBe(parsed.name);
      expect(definition.apps.map(({ name }) => name).join(', ')).toBe(parsed.apps);
      expect(definition.name).toBe(example.name ?? parsed.name);
    }
    expect(apps ?? parsed).toBeDefined();
  });

  it.each(accepted.filter(({ parsed }) => parsed === undefined))('$id has its canonical text: $input', (example) => {
    const definition = defineStream(parseStream(example.input, named(example)));
    const text = streamToText(definition);
    if (example.canonical === undefined) expect(squeeze(text)).toBe(squeeze(example.input));
    else expect(text).toBe(example.canonical);
    if (example.redacted !== undefined) expect(streamToText(definition, { redact: true })).toBe(example.redacted);
  });

  it.each(accepted)('$id survives its canonical text: $input', (example) => {
    const definition = defineStream(parseStream(example.input, named(example)));
    expect(defineStream(parseStream(streamToText(definition), { name: definition.name }))).toEqual(definition);
  });

  it.each(Object.entries(ours))('%s deviates only where it says so', (id, { because, ...change }) => {
    expect(because).toMatch(/^(crash|definition order|label before group|the canonical text must read back)/);
    expect(streamExamples.find((example) => example.id === id)).not.toMatchObject(change);
  });
});

const squeeze = (text: string) => text.trim().replaceAll(/\s+/g, ' ');
