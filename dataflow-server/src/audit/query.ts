import { problem } from '@millrace/dataflow-api';
import type { Order, PageRequest } from '@millrace/dataflow-api';
import type { Selectable } from 'kysely';
import type { Database } from '../store/store.ts';
import type { AuditTable } from '../store/tables.ts';

/** A stored record. */
export type AuditRecord = Selectable<AuditTable>;

/** Which records are wanted. Dates are ISO instants. */
export interface AuditFilter {
  readonly operations: readonly string[];
  readonly actions: readonly string[];
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const columns: Readonly<Record<string, keyof AuditTable>> = {
  id: 'id',
  auditRecordId: 'id',
  createdOn: 'created_on',
  createdBy: 'created_by',
  correlationId: 'correlation_id',
  auditAction: 'action',
  auditOperation: 'operation',
  auditData: 'data',
  platformName: 'platform',
};

/** One page of the records, the oldest first unless asked otherwise, and how many there are. Throws `SORT_UNKNOWN`. */
export async function findRecords(
  db: Database,
  filter: AuditFilter,
  page: PageRequest,
): Promise<readonly [records: readonly AuditRecord[], total: number]> {
  let wanted = db.selectFrom('audit');
  if (filter.operations.length > 0) wanted = wanted.where('operation', 'in', filter.operations);
  if (filter.actions.length > 0) wanted = wanted.where('action', 'in', filter.actions);
  if (filter.from !== undefined) wanted = wanted.where('created_on', '>=', filter.from);
  if (filter.to !== undefined) wanted = wanted.where('created_on', '<=', filter.to);
  const { total } = await wanted.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow();
  let sorted = wanted.selectAll();
  for (const order of page.sort) sorted = sorted.orderBy(columnOf(order), order.descending ? 'desc' : 'asc');
  const records = await sorted
    .orderBy('id')
    .limit(page.size)
    .offset(page.number * page.size)
    .execute();
  return [records, Number(total)];
}

/** Throws `AUDIT_UNKNOWN`. */
export async function getRecord(db: Database, id: string): Promise<AuditRecord> {
  const number = /^\d{1,15}$/.test(id) ? Number(id) : -1;
  const record = await db.selectFrom('audit').selectAll().where('id', '=', number).executeTakeFirst();
  if (record === undefined) throw problem('AUDIT_UNKNOWN', { id });
  return record;
}

function columnOf({ property }: Order): keyof AuditTable {
  const column = Object.hasOwn(columns, property) ? columns[property] : undefined;
  if (column === undefined) throw problem('SORT_UNKNOWN', { property, type: 'AuditRecord' });
  return column;
}
