import type { Selectable } from 'kysely';
import { problem } from '@millrace/dataflow-api';
import { bindingKeys, defineStream, DslError, formatDslError, parseStream, streamToText } from '@millrace/pipeline-dsl';
import type { StreamDefinition } from '@millrace/pipeline-dsl';
import { record } from '../audit/audit.ts';
import type { Registration, Registry } from '../registry/registry.ts';
import type { Database, Store } from '../store/store.ts';
import type { StreamTable } from '../store/tables.ts';

/** A stored definition. */
export type StoredStream = Selectable<StreamTable>;

/** A definition with what it means. */
export interface Stream {
  readonly stored: StoredStream;
  readonly definition: StreamDefinition;
}

/** What is to be defined. */
export interface StreamToCreate {
  readonly name: string;
  readonly text: string;
  readonly description: string;
}

/** Knows which applications may not be taken away. */
export interface AppsInUse {
  /** Throws `APP_IN_USE`. */
  check(app: Registration): Promise<void>;
}

/** The definitions of streams. */
export class StreamDefinitions {
  readonly #store: Store;
  readonly #registry: Registry;

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** All, in the order in which they were created. */
  all(): Promise<readonly StoredStream[]> {
    return this.#store.db.selectFrom('stream').selectAll().orderBy('id').execute();
  }

  /** Throws `STREAM_UNKNOWN`. */
  async get(name: string): Promise<Stream> {
    const stored = await found(this.#store.db, name);
    if (stored === undefined) throw problem('STREAM_UNKNOWN', { name });
    return read(stored);
  }

  /** Throws `STREAM_EXISTS`, `STREAM_INVALID` (bad text or name, applications that are not registered) and `DSL_MISSING`. */
  async create({ name, text, description }: StreamToCreate, actor?: string): Promise<Stream> {
    const definition = parsed(name, text);
    await this.#checkApps(definition);
    const dsl = streamToText(definition);
    return this.#store.transaction(async (db) => {
      if ((await found(db, name)) !== undefined) throw problem('STREAM_EXISTS', { name });
      const row = { name, dsl, original_dsl: text, description };
      const { id } = await db.insertInto('stream').values(row).returning('id').executeTakeFirstOrThrow();
      await audit(db, 'CREATE', definition, actor);
      return { stored: { ...row, id }, definition };
    });
  }

  /** Throws `STREAM_UNKNOWN`. */
  async remove(name: string, actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => {
      const stored = await found(db, name);
      if (stored === undefined) throw problem('STREAM_UNKNOWN', { name });
      await db.deleteFrom('stream').where('id', '=', stored.id).execute();
      await audit(db, 'DELETE', read(stored).definition, actor);
    });
  }

  /** The stream and those that read one of its destinations; with `nested` those that read theirs too. Throws `STREAM_UNKNOWN`. */
  async related(name: string, isNested: boolean): Promise<readonly Stream[]> {
    await this.get(name);
    const all = (await this.all()).map(read);
    const names = new Set([name]);
    for (let grown = true; grown;) {
      const taps = all.filter(({ stored, definition }) => !names.has(stored.name) && names.has(tapped(definition) ?? ''));
      for (const { stored } of taps) names.add(stored.name);
      grown = isNested && taps.length > 0;
    }
    return all.filter(({ stored }) => names.has(stored.name));
  }

  /** Its applications as they are registered, in their order; with a label each. Those that are gone are left out. Throws `STREAM_UNKNOWN`. */
  async applications(name: string): Promise<readonly (readonly [app: Registration, label: string])[]> {
    const { definition } = await this.get(name);
    const apps = await Promise.all(
      definition.apps.map(async (app) => [await this.#registry.find(app.type, app.name), app.label] as const),
    );
    return apps.flatMap(([app, label]) => (app === undefined ? [] : [[app, label] as const]));
  }

  async #checkApps({ apps }: StreamDefinition): Promise<void> {
    const missing: string[] = [];
    for (const { type, name } of apps) {
      if ((await this.#registry.find(type, name)) !== undefined || isBridge(type, name)) continue;
      missing.push(`Application name '${name}' with type '${type}' does not exist in the app registry.`);
    }
    if (missing.length > 0) throw problem('STREAM_INVALID', { problem: missing.join('\n') });
  }
}

/** The text of a definition for people: secrets are masked. */
export function shownText(definition: StreamDefinition): string {
  return streamToText(definition, { redact: true });
}

/** What a stored definition means. */
export function read(stored: StoredStream): Stream {
  return { stored, definition: defineStream(parseStream(stored.dsl, { name: stored.name })) };
}

/** `:a > :b` needs no registration: the bridge is always there. */
function isBridge(type: string, name: string): boolean {
  return type === 'processor' && name === 'bridge';
}

/** The stream whose destination the first app reads. */
function tapped({ apps }: StreamDefinition): string | undefined {
  const destination = apps[0]?.bindings[bindingKeys.inputDestination];
  return destination === undefined ? undefined : /^(.+)\.[^.]+$/.exec(destination)?.[1];
}

function parsed(name: string, text: string): StreamDefinition {
  if (text === '') throw problem('DSL_MISSING', {});
  try {
    return defineStream(parseStream(text, { name }));
  } catch (error) {
    if (error instanceof DslError) throw problem('STREAM_INVALID', { problem: formatDslError(error) }, error);
    throw error;
  }
}

function found(db: Database, name: string): Promise<StoredStream | undefined> {
  return db.selectFrom('stream').selectAll().where('name', '=', name).executeTakeFirst();
}

async function audit(db: Database, action: 'CREATE' | 'DELETE', definition: StreamDefinition, actor?: string): Promise<void> {
  await record(db, { operation: 'STREAM', action, correlationId: definition.name, data: shownText(definition) }, actor);
}
