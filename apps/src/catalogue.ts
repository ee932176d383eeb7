import { createRequire } from 'node:module';
import { didYouMean } from '@millrace/core';
import { appError } from './errors.ts';
import { knownNames } from './known-names.ts';
import { bridge } from './processors/bridge.ts';
import { filter } from './processors/filter.ts';
import { headerEnricher } from './processors/header-enricher.ts';
import { splitter } from './processors/splitter.ts';
import { transform } from './processors/transform.ts';
import type { AppDefinition, AppKind } from './runtime/define.ts';
import { fileSink } from './sinks/file.ts';
import { log } from './sinks/log.ts';
import { router } from './sinks/router.ts';
import { throughput } from './sinks/throughput.ts';
import { file } from './sources/file.ts';
import { http } from './sources/http.ts';
import { loadGenerator } from './sources/load-generator.ts';
import { time } from './sources/time.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };

const definitions = [
  http,
  time,
  file,
  loadGenerator,
  filter,
  transform,
  splitter,
  bridge,
  headerEnricher,
  log,
  fileSink,
  throughput,
  router,
] as readonly unknown[] as readonly AppDefinition[];

/** The stock apps. They have the version of this package. */
export const stockApps: readonly AppDefinition[] = definitions.map((app) => ({ ...app, version }));

/** Apps by kind and name. */
export class Catalogue {
  readonly #apps = new Map<string, AppDefinition>();

  /** Later apps replace earlier ones of the same kind and name. */
  constructor(apps: readonly AppDefinition[] = stockApps) {
    for (const app of apps) this.#apps.set(`${app.kind} ${app.name}`, app);
  }

  get(kind: AppKind, name: string): AppDefinition | undefined {
    return this.#apps.get(`${kind} ${name}`);
  }

  /** All apps, by kind in the order of a pipeline. */
  list(): readonly AppDefinition[] {
    return [...this.#apps.values()];
  }

  /** As `get`, but raises `APP_UNKNOWN` (`NOT_FOUND`) with what may be meant, or what to use instead. */
  require(kind: AppKind, name: string): AppDefinition {
    const found = this.get(kind, name);
    if (found !== undefined) return found;
    throw appError('APP_UNKNOWN', { kind, app: name, hint: this.#hint(kind, name) });
  }

  #hint(kind: AppKind, name: string): string {
    const others = this.list().filter((app) => app.name === name);
    if (others.length > 0) return `; '${name}' is a ${others.map((app) => app.kind).join(' and a ')}, which cannot stand here.`;
    const known = knownNames.find((each) => each.kind === kind && each.name === name);
    if (known !== undefined) return `: ${known.instead}.`;
    const names = this.list()
      .filter((app) => app.kind === kind)
      .map((app) => app.name);
    return didYouMean(name, names) || `; there are ${names.join(', ')}.`;
  }
}
