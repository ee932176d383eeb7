import { accessSync, constants, globSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first executable of that name in `places` (folders, `*` allowed, the last match of a pattern first), then on PATH. */
export function findProgram(
  name: string,
  places: readonly string[] = [],
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const listed = places.flatMap((place) => (place.includes('*') ? globSync(place).toSorted(byNumber).toReversed() : [place]));
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...listed, ...onPath].map((folder) => join(folder, name)).find(isExecutable);
}

// So that version 15 comes after 9.
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Whether a file is one that this user may execute. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
