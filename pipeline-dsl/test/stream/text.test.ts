import { expect, it } from 'vitest';
import { defineStream, isSecretName, outlineOfApps, parseStream, streamToText } from '@millrace/pipeline-dsl';

it.each([
  'web --p=1 | a: map | log',
  ':in > a | b > :out',
  ':in > :out',
  ':pay.web > lbl: score --group=blue --k=v',
  'web > :orders',
  'web || audit || mail --to=ops',
  'clock',
])('writes %s again from its list of apps', (text) => {
  expect(streamToText(outlineOfApps('pay', defineStream(parseStream(text, { name: 'pay' })).apps))).toBe(text);
});

it('writes an app whose name only a name in front allows', () => {
  const definition = defineStream(parseStream("pay='a'b'c' | log"));
  expect(streamToText(definition)).toBe("pay='a'b'c' | log");
  expect(defineStream(parseStream(streamToText(definition)))).toEqual(definition);
});

it('masks secrets and nothing else', () => {
  const canary = 'c4n4ry';
  const names = [
    'password',
    'db.PASSWORD',
    'userName',
    'client-secret',
    'apiKey',
    'token',
    'url',
    'VCAP_SERVICES',
    'my-credentials-file',
  ];
  const text = `web ${names.map((name) => `--${name}='${canary} x'`).join(' ')} --keys=shown --p=also | log --accessToken=${canary}`;
  const definition = defineStream(parseStream(text, { name: 'pay' }));
  const redacted = streamToText(definition, { redact: true });
  expect(streamToText(definition).split(canary)).toHaveLength(names.length + 2);
  expect(redacted).not.toContain(canary);
  expect(redacted.split("'******'")).toHaveLength(names.length + 2);
  expect(redacted).toContain('--keys=shown --p=also');
  expect(defineStream(parseStream(redacted, { name: 'pay' })).apps.map(({ label }) => label)).toEqual(['web', 'log']);
});

it.each([
  ['monkey', true],
  ['keys', false],
  ['credentialsFile', true],
  ['host', false],
])('takes %s for a secret: %s', (name, expected) => {
  expect(isSecretName(name)).toBe(expected);
});
