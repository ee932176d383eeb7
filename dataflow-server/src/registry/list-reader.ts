import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { problem } from '@millrace/dataflow-api';

const patienceMs = 10_000;
const maxBytes = 5 << 20;

/** Reads lists of applications that a request names by their address. */
export class ListReader {
  /** The text at a `file:`, `http:` or `https:` address. Throws `IMPORT_UNREADABLE`. */
  async read(uri: string): Promise<string> {
    try {
      if (uri.startsWith('file:')) return await readFile(fileURLToPath(uri), 'utf8');
      return await fetchText(uri);
    } catch (error) {
      throw problem('IMPORT_UNREADABLE', { uri }, error);
    }
  }
}

async function fetchText(uri: string): Promise<string> {
  const answer = await fetch(uri, { signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
