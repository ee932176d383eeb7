import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const imports = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);

// The built files are the sources without their types, so where nothing is built yet the sources tell as much.
it.each(['src', 'dist'].filter((folder) => existsSync(join(root, folder))))('%s runs in browsers', (folder) => {
  const files = globSync(join(root, folder, '**/*.{ts,js}')).filter((file) => !file.endsWith('.d.ts'));
  const foreign = files.flatMap((file) => imports(file).filter((name) => !name.startsWith('.')));
  expect(files.length).toBeGreaterThan(20);
  expect(new Set(foreign)).toEqual(new Set(['@millrace/core']));
  for (const file of files) expect(readFileSync(file, 'utf8'), file).not.toMatch(/\b(process|Buffer|require|__dirname)\b[.(]/);
});

it('depends on core only', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  expect(Object.keys(dependencies)).toEqual(['@millrace/core']);
});
