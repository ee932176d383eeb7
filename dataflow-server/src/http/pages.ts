import { pageDocument, pageRequest, problem } from '@millrace/dataflow-api';
import type { Order } from '@millrace/dataflow-api';
import type { Answer, Call } from './route.ts';

/** What a property is sorted by. */
export type SortKeys<Row> = Readonly<Record<string, (row: Row) => string | number>>;

/** How a list is shown. */
export interface ListForm<Row> {
  /** The name of the list in the document. */
  readonly key: string;
  /** The kind of its elements in error messages. */
  readonly type: string;
  readonly sortable: SortKeys<Row>;
  show(row: Row): object;
}

/** The page of a list that a request asks for; the list's own order where it does not say which. Throws `SORT_UNKNOWN`. */
export function pageOf<Row>(call: Call, rows: readonly Row[], form: ListForm<Row>, status = 200): Answer {
  const request = pageRequest(call.query);
  const sorted = sort(rows, request.sort, form);
  const from = request.number * request.size;
  const items = sorted.slice(from, from + request.size).map((row) => form.show(row));
  return { status, body: pageDocument(form.key, items, rows.length, request, call.address, call.query) };
}

/** A list without elements, for what this server does not have. */
export function emptyPage(call: Call, key: string): Answer {
  return pageOf<never>(call, [], { key, type: key, sortable: {}, show: () => ({}) });
}

function sort<Row>(rows: readonly Row[], orders: readonly Order[], { type, sortable }: ListForm<Row>): readonly Row[] {
  if (orders.length === 0) return rows;
  const keys = orders.map(({ property, descending }) => {
    const key = Object.hasOwn(sortable, property) ? sortable[property] : undefined;
    if (key === undefined) throw problem('SORT_UNKNOWN', { property, type });
    return { key, sign: descending ? -1 : 1 };
  });
  return rows.toSorted((a, b) => {
    for (const { key, sign } of keys) {
      const order = compare(key(a), key(b));
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
