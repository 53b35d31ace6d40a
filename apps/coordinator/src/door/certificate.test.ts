import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:https';
import { isIP, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { devCertificate, readCertificate } from './certificate.ts';
import { selfSigned } from './self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-certificate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const now = new Date();
const hosts = ['coordinator.example', '127.0.0.1', '::1', 'fe80::1:2'];

describe('a certificate of one’s own', () => {
  it('names its hosts and addresses, vouches for itself, and is valid for 90 days', () => {
    const { cert } = selfSigned({ hosts, now });
    const read = new X509Certificate(cert);
    expect(read.checkIssued(read) && read.verify(read.publicKey)).toBe(true);
    const known = (host: string) => (isIP(host) ? read.checkIP(host) : read.checkHost(host));
    expect(hosts.map(known)).toEqual(hosts);
    expect(['other.example', '127.0.0.2', '::2'].map(known)).toEqual([undefined, undefined, undefined]);
    expect(Math.round((new Date(read.validTo).getTime() - now.getTime()) / 86_400_000)).toBe(90);
    expect(new X509Certificate(selfSigned({ hosts, now: new Date('2050-06-01') }).cert).validTo).toContain('2050');
  });

  it('serves TLS to whoever has it as authority, and to nobody else', async () => {
    const { cert, key } = selfSigned({ hosts, now });
    const server = createServer({ cert, key }, (_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = (ca?: string) =>
      new Promise<string>((resolve) => {
        get(url, { ...(ca ? { ca } : {}), agent: false }, (response) => {
          response.setEncoding('utf8').on('data', resolve);
        }).once('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
      });
    expect(await ask(cert)).toBe('hello');
    expect(await ask()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(await ask(selfSigned({ hosts, now }).cert)).not.toBe('hello');
    await new Promise((resolve) => server.close(resolve));
  });

  it('is made once a folder, its key for its owner alone, and anew when another host is asked for', () => {
    const place = join(folder, 'dev');
    const made = devCertificate(place, { hosts: ['localhost'], now });
    expect(devCertificate(place, { hosts: ['localhost'], now })).toEqual(made);
    expect(statSync(join(place, 'certificate.key')).mode & 0o777).toBe(0o600);
    expect(devCertificate(place, { hosts: ['a.example'], now }).cert).not.toBe(made.cert);
  });
});

describe('a certificate that a run file names', () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const mine = selfSigned({ hosts, now });
  const place = { folder, at: (key: string) => `run.yaml:3:5 ${key}`, now };
  const files = { certificate: write('mine.pem', mine.cert), key: write('mine.key', mine.key) };
  const refusal = (changed: Partial<typeof files>, when = now): string => {
    try {
      readCertificate({ ...files, ...changed }, { ...place, now: when });
      return 'taken';
    } catch (error) {
      return (error as Error).message.replaceAll(folder, '~');
    }
  };

  it('is read with its key', () => {
    const { cert, ca } = readCertificate(files, place);
    expect(cert).toBe(readFileSync(join(folder, 'mine.pem'), 'utf8'));
    expect(ca).toBe(join(folder, 'mine.pem'));
  });

  it('is refused with where, which file and why', () => {
    const other = write('other.key', selfSigned({ hosts, now }).key);
    const none = write('none.pem', 'hello');
    expect(refusal({ certificate: 'absent.pem' })).toBe(
      'run.yaml:3:5 certificate: ~/absent.pem cannot be used: there is no such file.',
    );
    expect(refusal({ certificate: none })).toContain('~/none.pem cannot be used: it holds no certificate in PEM.');
    expect(refusal({ key: none })).toContain('key: ~/none.pem cannot be used: it holds no private key');
    expect(refusal({ key: other })).toContain('it is not the key of the certificate beside it.');
    expect(refusal({}, new Date('2099-01-01'))).toContain('it is valid from');
  });
});
