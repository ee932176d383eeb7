import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureCertificates } from '../src/certificates.ts';
import { temporaryDirectory } from './temporary.ts';

const certificate = (directory: string, name: string): X509Certificate =>
  new X509Certificate(readFileSync(join(directory, `${name}.pem`)));

it('makes a server and a client certificate that their own authority signed', async () => {
  const directory = join(temporaryDirectory(), 'tls');
  await ensureCertificates(directory, 'alice');
  const [ca, server, client] = ['ca', 'server', 'client'].map((name) => certificate(directory, name)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ];
  expect(ca.ca).toBe(true);
  expect([server, client].map((issued) => issued.verify(ca.publicKey))).toEqual([true, true]);
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(server.checkHost('localhost')).toBe('localhost');
  expect(client.subject).toBe('CN=alice');
  for (const name of readdirSync(directory).filter((file) => file.includes('key')))
    expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
});

it('keeps what is still valid', async () => {
  const directory = join(temporaryDirectory(), 'tls');
  await ensureCertificates(directory, 'alice');
  const before = certificate(directory, 'client').fingerprint256;
  await ensureCertificates(directory, 'alice');
  expect(certificate(directory, 'client').fingerprint256).toBe(before);
});

it('says what to install where openssl is missing', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '';
  try {
    await expect(ensureCertificates(join(temporaryDirectory(), 'tls'), 'alice')).rejects.toMatchObject({
      reason: 'NO_OPENSSL',
      message: expect.stringMatching(/install it with .*openssl/),
    });
  } finally {
    process.env['PATH'] = path;
  }
});
