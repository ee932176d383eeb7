import type { Link, PageInfo } from './resources.ts';

/** Which part of a list a request asks for. */
export interface PageRequest {
  /** From 0. */
  readonly number: number;
  readonly size: number;
  /** Properties to sort by, the most important first. */
  readonly sort: readonly Order[];
}

/** A property to sort by. */
export interface Order {
  readonly property: string;
  readonly descending: boolean;
  /** As it was written. */
  readonly text: string;
}

const defaultSize = 20;
const largestSize = 2000;

/** Reads `page`, `size` and `sort`. As in Spring Data nothing of it is refused: what makes no sense is the default. */
export function pageRequest(query: URLSearchParams): PageRequest {
  const number = Math.max(0, wholeNumber(query.get('page')) ?? 0);
  const size = wholeNumber(query.get('size')) ?? 0;
  return {
    number,
    size: size < 1 ? defaultSize : Math.min(size, largestSize),
    sort: query.getAll('sort').filter(Boolean).map(order),
  };
}

/** A list as the API shows it: the elements under `key` where there are any, links to neighbouring pages, and where the page stands. */
export interface PageDocument<Item> {
  readonly _embedded?: Readonly<Record<string, readonly Item[]>>;
  readonly _links: Readonly<Record<string, Link>>;
  readonly page: PageInfo;
}

/** Writes a page. `address` is that of the list without a query; `query` is repeated in the links but for the part that was asked for. */
export function pageDocument<Item>(
  key: string,
  items: readonly Item[],
  totalElements: number,
  request: PageRequest,
  address: string,
  query: URLSearchParams,
): PageDocument<Item> {
  const { number, size } = request;
  const totalPages = Math.ceil(totalElements / size);
  const link = (page: number): Link => ({ href: `${address}?${pageQuery(query, { ...request, number: page })}` });
  const isPaged = totalPages > 1;
  const links = {
    ...(isPaged ? { first: link(0) } : {}),
    ...(isPaged && number > 0 ? { prev: link(number - 1) } : {}),
    self: link(number),
    ...(isPaged && number < totalPages - 1 ? { next: link(number + 1) } : {}),
    ...(isPaged ? { last: link(totalPages - 1) } : {}),
  };
  const page = { size, totalElements, totalPages, number };
  return items.length === 0 ? { _links: links, page } : { _embedded: { [key]: items }, _links: links, page };
}

/** The other parameters first, then page, size and sort. */
function pageQuery(query: URLSearchParams, { number, size, sort }: PageRequest): string {
  const others = [...query].filter(([name]) => name !== 'page' && name !== 'size' && name !== 'sort');
  const parts = [...others, ['page', String(number)], ['size', String(size)], ...sort.map(({ text }) => ['sort', text])];
  // Commas and colons stay as they are.
  return parts
    .map(
      ([name, value]) => `${encodeURIComponent(name!)}=${encodeURIComponent(value!).replaceAll('%2C', ',').replaceAll('%3A', ':')}`,
    )
    .join('&');
}

function order(text: string): Order {
  const [property = '', direction = 'asc'] = text.split(',');
  return { property, descending: direction.toLowerCase() === 'desc', text };
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
