import { enableCompileCache } from 'node:module';

// Before anything else is loaded, so that the second start of the command compiles nothing.
const { directory } = enableCompileCache();
// Threads and processes that are started from here know it by the environment only.
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory;
const { runCommand } = await import('./program.ts');
process.exitCode = await runCommand(process.argv.slice(2));
