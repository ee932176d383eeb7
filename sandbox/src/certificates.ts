import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { writeWhole } from './config-file.ts';
import { raise } from './errors.ts';
import { installHint, runProgram } from './programs.ts';

// The longest that every platform's TLS accepts.
const validDays = 397;
const renewBeforeMs = 7 * 24 * 3600 * 1000;

const authority = `[req]
distinguished_name = name
x509_extensions = ca
prompt = no
[name]
CN = Millrace sandbox
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;
const serverExtensions = `basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
`;
const clientExtensions = `basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
`;

/**
 * Makes an authority of its own with a certificate for the server and one for a client named `client`, as PEM files in `directory`:
 * ca, server, server-key, server-store (key, then certificate), client, client-key. Keeps what is there until it is about to expire.
 * Throws `NO_OPENSSL`.
 */
export async function ensureCertificates(directory: string, client: string): Promise<void> {
  if (isValid(join(directory, 'client.pem'))) return;
  const openssl = findProgram('openssl');
  if (openssl === undefined) throw raise('NO_OPENSSL', { next: installHint({ apt: 'openssl', dnf: 'openssl', brew: 'openssl' }) });
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const issuer = { openssl, directory };
  await makeAuthority(issuer);
  await issue(issuer, 'server', 'localhost', serverExtensions);
  writeWhole(join(directory, 'server-store.pem'), read(directory, 'server-key') + read(directory, 'server'));
  // Last, because its presence says that all is there.
  await issue(issuer, 'client', client, clientExtensions);
}

function isValid(file: string): boolean {
  return existsSync(file) && new X509Certificate(readFileSync(file)).validToDate.getTime() - Date.now() > renewBeforeMs;
}

interface Issuer {
  readonly openssl: string;
  readonly directory: string;
}

async function makeAuthority({ openssl, directory }: Issuer): Promise<void> {
  writeKey(directory, 'ca-key');
  writeWhole(join(directory, 'ca.cnf'), authority);
  const request = ['req', '-x509', '-new', '-sha256', '-key', 'ca-key.pem', '-config', 'ca.cnf'];
  await runProgram(openssl, [...request, '-days', String(validDays), '-out', 'ca.pem'], { cwd: directory });
}

async function issue({ openssl, directory }: Issuer, name: string, subject: string, extensions: string): Promise<void> {
  writeKey(directory, `${name}-key`);
  writeWhole(join(directory, `${name}.cnf`), `[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = ${subject}\n`);
  writeWhole(join(directory, `${name}.ext`), extensions);
  const request = ['req', '-new', '-sha256', '-key', `${name}-key.pem`, '-config', `${name}.cnf`, '-out', `${name}.csr`];
  await runProgram(openssl, request, { cwd: directory });
  const signing = ['x509', '-req', '-sha256', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'];
  const terms = ['-days', String(validDays), '-extfile', `${name}.ext`, '-out', `${name}.part`];
  await runProgram(openssl, [...signing, ...terms], { cwd: directory });
  writeWhole(join(directory, `${name}.pem`), readFileSync(join(directory, `${name}.part`), 'utf8'));
  for (const left of ['cnf', 'ext', 'csr', 'part']) rmSync(join(directory, `${name}.${left}`));
}

function writeKey(directory: string, name: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeWhole(join(directory, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

function read(directory: string, name: string): string {
  return readFileSync(join(directory, `${name}.pem`), 'utf8');
}
