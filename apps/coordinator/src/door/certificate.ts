import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { fail } from '@trunkline/protocol';
import { selfSigned } from './self-signed.ts';

/** What TLS needs, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** The file of the certificate, which clients may need as `--ca`; null where a public authority has issued it. */
  readonly ca: string | null;
}

/**
 * Reads the certificate and key that a run file names.
 * @throws CERTIFICATE_BROKEN for files that are not there, are none, do not belong together, or are not valid now
 */
export function readCertificate(
  files: { certificate: string; key: string },
  { folder, at, now }: { folder: string; at: (key: 'certificate' | 'key') => string; now: Date },
): Certificate {
  const read = (name: 'certificate' | 'key') => {
    const file = resolve(folder, files[name]);
    const broken = (problem: string, remedy: string) =>
      fail('CERTIFICATE_BROKEN', { at: at(name), file, problem, remedy });
    if (!existsSync(file)) throw broken('there is no such file.', 'Paths are relative to the run file.');
    return { file, text: readFileSync(file, 'utf8'), broken };
  };
  const [certificate, key] = [read('certificate'), read('key')];
  const parsed = orElse(
    () => new X509Certificate(certificate.text),
    () => certificate.broken('it holds no certificate in PEM.', 'Convert it: openssl x509 -in FILE -out FILE.pem'),
  );
  const secret = orElse(
    () => createPrivateKey(key.text),
    () =>
      key.broken(
        'it holds no private key in PEM without a password.',
        'Convert it: openssl pkey -in FILE -out FILE.pem',
      ),
  );
  if (!parsed.checkPrivateKey(secret))
    throw key.broken('it is not the key of the certificate beside it.', 'Name the two files that were made together.');
  const [from, to] = [new Date(parsed.validFrom), new Date(parsed.validTo)];
  if (now < from || now > to)
    throw certificate.broken(
      `it is valid from ${day(from)} to ${day(to)}.`,
      'Renew it, or correct the clock of this machine.',
    );
  const selfIssued = parsed.checkIssued(parsed);
  return { cert: certificate.text, key: key.text, ca: selfIssued ? certificate.file : null };
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

function orElse<T>(attempt: () => T, error: () => Error): T {
  try {
    return attempt();
  } catch {
    throw error();
  }
}

/** The certificate of `--dev-certificate`: made once a run folder and used again, for as long as it names `hosts` and is valid. */
export function devCertificate(folder: string, { hosts, now }: { hosts: readonly string[]; now: Date }): Certificate {
  const [ca, secret] = [join(folder, 'certificate.pem'), join(folder, 'certificate.key')];
  if (existsSync(ca) && existsSync(secret)) {
    const kept = { cert: readFileSync(ca, 'utf8'), key: readFileSync(secret, 'utf8'), ca };
    if (serves(kept.cert, hosts, now)) return kept;
  }
  const made = selfSigned({ hosts, now });
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [file, text] of [
      [secret, made.key],
      [ca, made.cert],
    ] as const) {
      writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    }
    chmodSync(ca, 0o644);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
  }
  return { ...made, ca };
}

function serves(pem: string, hosts: readonly string[], now: Date): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const names = hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)));
    return names && now < new Date(certificate.validTo) && now >= new Date(certificate.validFrom);
  } catch {
    return false;
  }
}
