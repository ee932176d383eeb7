// Public names are listed here one by one.
export { startServer } from './server.ts';
export type { DataflowServer, ServerOptions } from './server.ts';
export type { Report } from './http/listener.ts';
