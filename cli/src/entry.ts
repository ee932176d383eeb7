import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a module of this package that is started as a program: TypeScript from the sources, JavaScript once built. */
export function entryPath(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
}
