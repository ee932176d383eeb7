import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate with its key, and a file that holds both. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly store: string;
}

/** An authority of a test, and certificates that it signs. */
export class Authority {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(folder: string): Promise<Authority> {
    const authority = new Authority(folder);
    await authority.#openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=authority',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
    return authority;
  }

  get file(): string {
    return join(this.#folder, 'ca.pem');
  }

  certificate(): Promise<string> {
    return readFile(this.file, 'utf8');
  }

  /** Signs a certificate for this name, valid on the loopback interface. */
  async sign(name: string): Promise<Certificate> {
    const [key, request, cert, extensions] = [`${name}.key`, `${name}.csr`, `${name}.pem`, `${name}.ext`];
    await writeFile(join(this.#folder, extensions), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    await this.#openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    await this.#openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      request,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      extensions,
      '-out',
      cert,
    );
    const content = {
      key: await readFile(join(this.#folder, key), 'utf8'),
      cert: await readFile(join(this.#folder, cert), 'utf8'),
    };
    const store = join(this.#folder, `${name}-store.pem`);
    await writeFile(store, content.key + content.cert);
    return { ...content, store };
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    await run('openssl', args, { cwd: this.#folder });
  }
}
