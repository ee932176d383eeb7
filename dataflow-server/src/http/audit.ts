import { pageDocument, pageRequest, problem } from '@millrace/dataflow-api';
import { auditActions, auditOperations } from '../audit/audit.ts';
import { findRecords, getRecord } from '../audit/query.ts';
import type { AuditRecord } from '../audit/query.ts';
import type { Store } from '../store/store.ts';
import { choices, optional } from './parameters.ts';
import { selfLink } from './route.ts';
import type { Answer, Call, Route } from './route.ts';

const operationNames = Object.keys(auditOperations);
const actionNames = Object.keys(auditActions);

/** `/audit-records`. */
export function auditRoutes({ db }: Store): readonly Route[] {
  return [
    { method: 'GET', path: '/audit-records', role: 'VIEW', run: async (call) => list(call, db) },
    {
      method: 'GET',
      path: '/audit-records/audit-operation-types',
      role: 'VIEW',
      run: () => ({ body: Object.entries(auditOperations).map(([key, [id, name]]) => ({ id, name, key })) }),
    },
    {
      method: 'GET',
      path: '/audit-records/audit-action-types',
      role: 'VIEW',
      run: () => ({
        body: Object.entries(auditActions).map(([key, [id, name, description]]) => ({
          id,
          name,
          description,
          key,
          nameWithDescription: `${name} (${description})`,
        })),
      }),
    },
    {
      method: 'GET',
      path: '/audit-records/:id',
      role: 'VIEW',
      run: async (call) => ({ body: resource(call, await getRecord(db, call.path['id']!)) }),
    },
  ];
}

async function list(call: Call, db: Store['db']): Promise<Answer> {
  const { parameters, address, query } = call;
  const [from, to] = [instant(parameters, 'fromDate'), instant(parameters, 'toDate')];
  if (from !== undefined && to !== undefined && from > to) throw problem('DATES_REVERSED', {});
  const filter = {
    operations: choices(parameters, 'operations', operationNames),
    actions: choices(parameters, 'actions', actionNames),
    from,
    to,
  };
  const request = pageRequest(query);
  const [records, total] = await findRecords(db, filter, request);
  const items = records.map((each) => resource(call, each));
  return { body: pageDocument('auditRecordResourceList', items, total, request, address, query) };
}

/** An instant as records have it: with microseconds, so that texts compare as times do. */
function instant(parameters: URLSearchParams, name: string): string | undefined {
  const text = optional(parameters, name);
  if (text === undefined) return undefined;
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?Z$/.exec(text);
  if (match === null || Number.isNaN(Date.parse(`${match[1]}Z`))) throw problem('DATE_INVALID', { text });
  return `${match[1]}.${(match[2] ?? '').padEnd(6, '0').slice(0, 6)}Z`;
}

function resource(call: Call, record: AuditRecord): object {
  return {
    auditRecordId: record.id,
    createdBy: record.created_by,
    correlationId: record.correlation_id,
    auditData: record.data,
    createdOn: record.created_on,
    auditAction: record.action,
    auditOperation: record.operation,
    platformName: record.platform,
    _links: selfLink(call, `/audit-records/${record.id}`),
  };
}
