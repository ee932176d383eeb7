import { enableCompileCache } from 'node:module';

// Before anything else is loaded, so that the second start of the command compiles nothing.
enableCompileCache();
const { runCommand } = await import('./program.ts');
process.exitCode = await runCommand(process.argv.slice(2));
