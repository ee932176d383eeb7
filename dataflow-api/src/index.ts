// Public names are listed here one by one.
export { apiRevision, rootDocument } from './root.ts';
export { pageDocument, pageRequest } from './page.ts';
export type { Order, PageDocument, PageRequest } from './page.ts';
export { problem, problemAnswer } from './problems.ts';
export type { ProblemReason } from './problems.ts';
export type { ApplicationType, Link, Links, PageInfo } from './resources.ts';
