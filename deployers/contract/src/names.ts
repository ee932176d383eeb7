import { deployerError } from './errors.ts';

const longest = 120;

/** Whether a text can be a name or an id: letters, digits, `.`, `-` and `_`, with a letter or digit first, not too long. */
export function isName(text: string): boolean {
  return text.length <= 2 * longest && /^[A-Za-z0-9][\w.-]*$/.test(text);
}

/** Checks a name that becomes part of identities, files and labels. Throws `NAME_INVALID`. */
export function checkName(what: string, name: string): void {
  if (name.length > longest || !isName(name)) throw deployerError('NAME_INVALID', { what, name, longest });
}

/** The id of a deployment: `<group>.<name>`, or `<name>` where there is no group. Platforms with narrower rules turn the dot into another sign. */
export function deploymentId(name: string, group?: string, separator = '.'): string {
  return group === undefined || group === '' ? name : `${group}${separator}${name}`;
}

/**
 * Neighbours of a pipeline that share a process: runs of apps with `isFused`, and every other app alone, in the pipeline's order.
 * What `deployer.<app>.fuse` means.
 */
export function fusedGroups<App>(apps: readonly App[], isFused: (app: App) => boolean): readonly (readonly App[])[] {
  const groups: App[][] = [];
  let open: App[] | undefined;
  for (const app of apps) {
    const fused = isFused(app);
    if (fused && open !== undefined) open.push(app);
    else groups.push((open = [app]));
    if (!fused) open = undefined;
  }
  return groups;
}
