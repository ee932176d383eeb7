import type { Selectable } from 'kysely';
import { problem } from '@millrace/dataflow-api';
import { childTasks, DslError, formatDslError, parseTask, taskApps, taskToText } from '@millrace/pipeline-dsl';
import type { TaskNode } from '@millrace/pipeline-dsl';
import { record } from '../audit/audit.ts';
import type { Registration, Registry } from '../registry/registry.ts';
import type { Database, Store } from '../store/store.ts';
import type { TaskTable } from '../store/tables.ts';

/** A stored definition. */
export type StoredTask = Selectable<TaskTable>;

/** What is to be defined. */
export interface TaskToCreate {
  readonly name: string;
  readonly text: string;
  readonly description: string;
}

/** The definitions of tasks. A composed one has a definition of its own for each of its elements. */
export class TaskDefinitions {
  readonly #store: Store;
  readonly #registry: Registry;

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** All, in the order in which they were created: elements come before the task that is composed of them. */
  all(): Promise<readonly StoredTask[]> {
    return this.#store.db.selectFrom('task').selectAll().orderBy('id').execute();
  }

  /** Throws `TASK_UNKNOWN`. */
  async get(name: string): Promise<StoredTask> {
    return known(this.#store.db, name);
  }

  /** Throws `TASK_EXISTS`, `TASK_INVALID` (bad text or name), `APP_UNKNOWN` and `DSL_MISSING`. */
  async create({ name, text, description }: TaskToCreate, actor?: string): Promise<StoredTask> {
    const node = parsed(name, text);
    for (const app of taskApps(node)) await this.#registry.get('task', app.name);
    const children = isComposed(node) ? childTasks(node) : [];
    const row = { name, dsl: taskToText(node), description, parent: null, is_composed: isComposed(node) ? 1 : 0 };
    return this.#store.transaction(async (db) => {
      for (const each of [name, ...children.map((child) => child.name)])
        if ((await found(db, each)) !== undefined) throw problem('TASK_EXISTS', { name: each });
      for (const child of children) await insert(db, { ...row, ...element(child.name, child.text, name) });
      const task = await insert(db, row);
      await audit(db, 'CREATE', task, actor);
      return task;
    });
  }

  /** With its elements. Throws `TASK_UNKNOWN`. */
  async remove(name: string, actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => remove(db, await known(db, name), actor));
  }

  async removeAll(actor?: string): Promise<void> {
    await this.#store.transaction(async (db) => {
      for (const task of await db.selectFrom('task').selectAll().where('parent', 'is', null).orderBy('id').execute())
        await remove(db, task, actor);
    });
  }

  /** Its applications as they are registered, by label. Throws `TASK_UNKNOWN`. */
  async applications(name: string): Promise<readonly (readonly [label: string, app: Registration | undefined])[]> {
    const { dsl } = await this.get(name);
    const apps = taskApps(parseTask(dsl, { name, validate: false }));
    return Promise.all(apps.map(async (app) => [app.label, await this.#registry.find('task', app.name)] as const));
  }
}

/** The text of a definition for people: secrets are masked. */
export function shownTaskText({ name, dsl }: StoredTask): string {
  return taskToText(parseTask(dsl, { name, validate: false }), { redact: true });
}

/** More than one application, or one with something behind it. */
function isComposed(node: TaskNode): boolean {
  const [first, ...rest] = node.sequences.flatMap(({ elements }) => elements);
  return !(rest.length === 0 && first?.kind === 'app' && first.transitions.length === 0);
}

function parsed(name: string, text: string): TaskNode {
  if (text === '') throw problem('DSL_MISSING', {});
  try {
    return parseTask(text, { name });
  } catch (error) {
    if (error instanceof DslError) throw problem('TASK_INVALID', { problem: formatDslError(error) }, error);
    throw error;
  }
}

function element(
  name: string,
  dsl: string,
  parent: string,
): Pick<StoredTask, 'name' | 'dsl' | 'description' | 'parent' | 'is_composed'> {
  return { name, dsl, description: null, parent, is_composed: 0 };
}

async function insert(db: Database, row: Omit<StoredTask, 'id'>): Promise<StoredTask> {
  const { id } = await db.insertInto('task').values(row).returning('id').executeTakeFirstOrThrow();
  return { ...row, id };
}

async function remove(db: Database, task: StoredTask, actor?: string): Promise<void> {
  await db
    .deleteFrom('task')
    .where((each) => each.or([each('id', '=', task.id), each('parent', '=', task.name)]))
    .execute();
  await audit(db, 'DELETE', task, actor);
}

function found(db: Database, name: string): Promise<StoredTask | undefined> {
  return db.selectFrom('task').selectAll().where('name', '=', name).executeTakeFirst();
}

async function known(db: Database, name: string): Promise<StoredTask> {
  const task = await found(db, name);
  if (task === undefined) throw problem('TASK_UNKNOWN', { name });
  return task;
}

async function audit(db: Database, action: 'CREATE' | 'DELETE', task: StoredTask, actor?: string): Promise<void> {
  await record(db, { operation: 'TASK', action, correlationId: task.name, data: shownTaskText(task) }, actor);
}
