import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The kit's test app: a program for Node that needs nothing else, to be put into an image, an archive or a file as a platform wants it. */
export const testAppPath: string = fileURLToPath(new URL(`./test-app${extname(import.meta.url)}`, import.meta.url));
