/** A reference to another resource. */
export interface Link {
  readonly href: string;
  readonly templated?: boolean;
}

/** The links of a resource by their relation. */
export type Links = Readonly<Record<string, Link | readonly Link[]>>;

/** Where a page stands in its list. `number` counts from 0. */
export interface PageInfo {
  readonly size: number;
  readonly totalElements: number;
  readonly totalPages: number;
  readonly number: number;
}

/** The kinds of registered applications. */
export type ApplicationType = 'app' | 'source' | 'processor' | 'sink' | 'task';
