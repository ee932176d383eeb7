import type { Selectable } from 'kysely';
import { problem } from '@millrace/dataflow-api';
import type { ApplicationType } from '@millrace/dataflow-api';
import { record } from '../audit/audit.ts';
import type { Database, Store } from '../store/store.ts';
import type { AppTable } from '../store/tables.ts';
import { versionOf } from './uri.ts';

/** The kinds of applications, in the order in which lists show them. */
export const applicationTypes: readonly ApplicationType[] = ['app', 'source', 'processor', 'sink', 'task'];

/** A registered application. */
export type Registration = Selectable<AppTable>;

/** What is to be registered. */
export interface AppToRegister {
  readonly type: ApplicationType;
  readonly name: string;
  readonly uri: string;
  /** Must be that of the URI. */
  readonly version?: string | undefined;
  readonly metadataUri?: string | undefined;
  readonly bootVersion?: string | undefined;
  /** Replaces what is registered as the same version. */
  readonly force?: boolean | undefined;
}

/** Applications by type, name and version. The first version of a name is its default until another is chosen. */
export class Registry {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** All, in the order in which they were registered. */
  all(): Promise<readonly Registration[]> {
    return this.#store.db.selectFrom('app').selectAll().orderBy('id').execute();
  }

  /** The version, else the default one. */
  async find(type: ApplicationType, name: string, version?: string): Promise<Registration | undefined> {
    return found(this.#store.db, type, name, version);
  }

  /** As {@link find}; throws `APP_UNKNOWN` where there is none. */
  async get(type: ApplicationType, name: string, version?: string): Promise<Registration> {
    return known(this.#store.db, type, name, version);
  }

  /** Throws `APP_REGISTERED`, `APP_NAME_INVALID`, `BOOT_VERSION_INVALID`, `VERSION_DIFFERS` and what {@link versionOf} throws. */
  async register(app: AppToRegister, actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => insert(db, checked(app), actor));
  }

  /** Registers those that are not there yet, all with `force`; resolves with what was. All of them, or none. */
  async import(apps: readonly AppToRegister[], force: boolean, actor?: string): Promise<readonly Registration[]> {
    const ready = apps.map((app) => checked({ ...app, force }));
    return this.#store.transaction(async (db) => {
      const registered: Registration[] = [];
      for (const app of ready) {
        if (!force && (await found(db, app.type, app.name, app.version)) !== undefined) continue;
        registered.push(await insert(db, app, actor));
      }
      return registered;
    });
  }

  /** Throws `APP_UNKNOWN`. */
  async makeDefault(type: ApplicationType, name: string, version: string, actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => {
      const app = await known(db, type, name, version);
      await db.updateTable('app').set({ is_default: 0 }).where('type', '=', type).where('name', '=', name).execute();
      await db.updateTable('app').set({ is_default: 1 }).where('id', '=', app.id).execute();
      await audit(db, 'UPDATE', app, actor);
    });
  }

  /** Without a version the default one. What is left has no default then. Throws `APP_UNKNOWN`. */
  async unregister(type: ApplicationType, name: string, version: string | undefined, actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => remove(db, await known(db, type, name, version), actor));
  }

  async unregisterAll(actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => {
      for (const app of await db.selectFrom('app').selectAll().orderBy('id').execute()) await remove(db, app, actor);
    });
  }
}

/** An application by its name in messages. */
function labelOf(type: string, name: string, version?: string): string {
  return version === undefined ? `${type}:${name}` : `${type}:${name}:${version}`;
}

function checked(app: AppToRegister): AppToRegister & { readonly version: string } {
  const { name, uri, bootVersion = '2', version } = app;
  if (name.includes(':')) throw problem('APP_NAME_INVALID', { name });
  const own = versionOf(uri);
  if (version !== undefined && version !== own) throw problem('VERSION_DIFFERS', { version, uri });
  if (bootVersion !== '2' && bootVersion !== '3') throw problem('BOOT_VERSION_INVALID', { version: bootVersion });
  return { ...app, version: own };
}

async function found(db: Database, type: ApplicationType, name: string, version?: string): Promise<Registration | undefined> {
  const named = db.selectFrom('app').selectAll().where('type', '=', type).where('name', '=', name);
  const query = version === undefined ? named.where('is_default', '=', 1) : named.where('version', '=', version);
  return query.executeTakeFirst();
}

async function known(db: Database, type: ApplicationType, name: string, version?: string): Promise<Registration> {
  const app = await found(db, type, name, version);
  if (app === undefined) throw problem('APP_UNKNOWN', { app: labelOf(type, name, version) });
  return app;
}

async function insert(db: Database, app: AppToRegister & { readonly version: string }, actor?: string): Promise<Registration> {
  const { type, name, uri, version, metadataUri = null, bootVersion = '2', force = false } = app;
  const before = await found(db, type, name, version);
  if (before !== undefined && !force) throw problem('APP_REGISTERED', { app: labelOf(type, name), uri: before.uri });
  const values = { uri, metadata_uri: metadataUri, boot_version: bootVersion };
  if (before !== undefined) {
    await db.updateTable('app').set(values).where('id', '=', before.id).execute();
    await audit(db, 'UPDATE', { ...before, ...values }, actor);
    return { ...before, ...values };
  }
  const isFirst =
    (await db.selectFrom('app').select('id').where('type', '=', type).where('name', '=', name).executeTakeFirst()) === undefined;
  const row = { type, name, version, ...values, is_default: isFirst ? 1 : 0 };
  const { id } = await db.insertInto('app').values(row).returning('id').executeTakeFirstOrThrow();
  await audit(db, 'CREATE', { ...row, id }, actor);
  return { ...row, id };
}

async function remove(db: Database, app: Registration, actor?: string): Promise<void> {
  await db.deleteFrom('app').where('id', '=', app.id).execute();
  await audit(db, 'DELETE', app, actor);
}

async function audit(db: Database, action: 'CREATE' | 'UPDATE' | 'DELETE', app: Registration, actor?: string): Promise<void> {
  const { type, name, version, uri } = app;
  const data = JSON.stringify({
    metaDataUri: app.metadata_uri,
    APP_NAME: name,
    APP_TYPE: type,
    APP_VERSION: version,
    uri,
    APP_IS_DEFAULT: app.is_default === 1,
  });
  await record(db, { operation: 'APP_REGISTRATION', action, correlationId: name, data }, actor);
}
