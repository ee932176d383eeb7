import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { ConnectionSettings } from '../src/server-kind.ts';
import { formatSettings } from '../src/settings-format.ts';

const settings: ConnectionSettings = {
  addresses: [],
  endpoints: {},
  env: { PLAIN: 'a', STRANGE: `it's "$HOME" \`id\` \\n` },
  spring: { 'a.path': 'C:\\certs', 'b.list': 'x:1,y:2' },
};

it('prints variables that a shell reads back as they are', () => {
  const { stdout } = spawnSync('sh', ['-c', `${formatSettings(settings, 'env')}\nprintf %s "$STRANGE"`], { encoding: 'utf8' });
  expect(stdout).toBe(settings.env['STRANGE']);
});

it('prints properties with the escapes of their format', () => {
  expect(formatSettings(settings, 'spring')).toBe('a.path=C:\\\\certs\nb.list=x:1,y:2');
});

it('names the variables of Spring’s properties as Spring Boot does', () => {
  const text = formatSettings({ ...settings, env: {}, spring: { 'spring.kafka.bootstrap-servers': 'a:1' } }, 'env');
  expect(text).toBe("export SPRING_KAFKA_BOOTSTRAPSERVERS='a:1'");
});
