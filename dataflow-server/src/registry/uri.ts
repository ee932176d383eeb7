import { problem } from '@millrace/dataflow-api';

/** Where an application comes from. */
export type UriScheme = 'builtin' | 'npm' | 'file' | 'maven' | 'docker' | 'http' | 'https';

const schemes: readonly UriScheme[] = ['builtin', 'npm', 'file', 'maven', 'docker', 'http', 'https'];

/**
 * The version of the application that a URI names: the last of Maven's coordinates, a container's tag (`latest` without one), what
 * follows `@` in an npm package, or what stands before the extension of a file, as in `app-1.2.0.jar`. Throws `URI_EMPTY`,
 * `URI_UNSUPPORTED`, `MAVEN_INVALID` or `VERSION_MISSING`.
 */
export function versionOf(uri: string): string {
  if (uri === '') throw problem('URI_EMPTY', {});
  const scheme = schemes.find((each) => uri.startsWith(`${each}:`));
  if (scheme === undefined) throw problem('URI_UNSUPPORTED', { uri });
  const rest = uri.slice(scheme.length + 1);
  if (scheme === 'maven') return mavenVersion(rest.replace(/^\/\//, ''));
  if (scheme === 'docker') return /:([^/:]+)$/.exec(rest)?.[1] ?? 'latest';
  if (scheme === 'npm') return /.@([^/@]+)(?:\/|$)/.exec(rest)?.[1] ?? 'latest';
  if (scheme === 'builtin') return /@([^@]+)$/.exec(rest)?.[1] ?? '1.0.0';
  return fileVersion(uri, rest);
}

function mavenVersion(coordinates: string): string {
  const parts = coordinates.split(':');
  if (parts.length < 3 || parts.length > 5 || parts.includes('')) throw problem('MAVEN_INVALID', { coordinates });
  return parts.at(-1)!;
}

function fileVersion(uri: string, path: string): string {
  const [file = ''] = path.split(/[?#]/);
  const version = /-(\d[^/]*?)\.(?:jar|[cm]?[jt]s)$/.exec(file)?.[1];
  if (version !== undefined) return version;
  // Modules of ours need no version in their name.
  if (/\.[cm]?[jt]s$/.test(file)) return '1.0.0';
  throw problem('VERSION_MISSING', { uri });
}
