import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { bits, der, integer, octets, oid, sequence, text, time, yes } from './der.ts';

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/**
 * A certificate that vouches for itself (X.509 v3, RFC 5280, 2008): ECDSA on P-256, for 90 days, from a day ago so that a client's
 * clock may be a little behind.
 * @param hosts names and addresses that clients will use
 */
export function selfSigned({ hosts, now }: { hosts: readonly string[]; now: Date }): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(der(0x31, sequence(oid('2.5.4.3'), text('Trunkline coordinator, self-signed'))));
  const [from, to] = [new Date(now.getTime() - DAY_MS), new Date(now.getTime() + 90 * DAY_MS)];
  const extension = (id: string, value: Buffer, critical: boolean) =>
    sequence(oid(id), ...(critical ? [yes] : []), octets(value));
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(randomBytes(15)),
    ECDSA_SHA256,
    name,
    sequence(time(from), time(to)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(
      0xa3,
      sequence(
        extension('2.5.29.19', sequence(yes), true),
        extension('2.5.29.17', sequence(...hosts.map(hostName)), false),
      ),
    ),
  );
  const certificate = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, privateKey)));
  return { cert: pem(certificate), key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string };
}

const hostName = (host: string): Buffer =>
  isIPv4(host) || isIPv6(host) ? der(0x87, addressBytes(host)) : der(0x82, Buffer.from(host, 'latin1'));

function addressBytes(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from(host.split('.').map(Number));
  const [head = '', tail = ''] = host.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)));
  const [before, after] = [words(head), words(tail)];
  const gap = host.includes('::') ? new Array<number>(8 - before.length - after.length).fill(0) : [];
  return Buffer.from([...before, ...gap, ...after].flatMap((word) => [word >> 8, word & 0xff]));
}

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
