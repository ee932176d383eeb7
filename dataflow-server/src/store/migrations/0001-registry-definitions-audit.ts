import type { Kysely } from 'kysely';

/** Registry, definitions of streams and tasks, audit. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('app')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('uri', 'text', (column) => column.notNull())
    .addColumn('metadata_uri', 'text')
    .addColumn('boot_version', 'text', (column) => column.notNull())
    .addColumn('is_default', 'integer', (column) => column.notNull())
    .addUniqueConstraint('app_version', ['type', 'name', 'version'])
    .execute();
  await db.schema
    .createTable('stream')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('dsl', 'text', (column) => column.notNull())
    .addColumn('original_dsl', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('task')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('dsl', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('parent', 'text')
    .addColumn('is_composed', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('created_on', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text')
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text')
    .addColumn('data', 'text')
    .addColumn('platform', 'text')
    .execute();
}
