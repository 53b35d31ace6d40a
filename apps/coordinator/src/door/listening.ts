import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import type { RunConfig } from '../config.ts';
import { doorFiles } from './door-files.ts';
import { devCertificate, readCertificate, type Certificate } from './certificate.ts';

const placeSchema = z.object({ url: z.string(), ca: z.string().nullable() });

/** Where a run's coordinator listened last, for invitations. */
export type Listening = z.infer<typeof placeSchema>;

export function writeListening(folder: string, place: Listening): void {
  const file = doorFiles(folder).listening;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(place)}\n`);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
}

/** Undefined where none has listened yet. */
export function readListening(folder: string): Listening | undefined {
  const file = doorFiles(folder).listening;
  if (!existsSync(file)) return undefined;
  try {
    return placeSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // It only makes an invitation's command more exact.
    return undefined;
  }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '';

/** The name by which others reach `host`: of an address that means all of this machine's, the machine's name. */
const reached = (host: string): string => (isEverywhere(host) ? hostname() : host);

export function urlOf(host: string, port: number, secure: boolean): string {
  const name = reached(host);
  return `${secure ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/**
 * The certificate that a coordinator listens with; undefined: without TLS, which is for loopback and `--insecure` alone.
 * @throws LISTEN_NOT_LOOPBACK, CERTIFICATE_BROKEN, STORAGE_FAILED
 */
export function certificateFor(
  { listen, source }: Pick<RunConfig, 'listen' | 'source'>,
  deps: { folder: string; dev: boolean; insecure: boolean; now: Date },
): Certificate | undefined {
  const at = (...key: string[]) => source.at(['listen', ...key]);
  if (listen.tls)
    return readCertificate(listen.tls, { folder: source.folder, at: (key) => at('tls', key), now: deps.now });
  if (deps.dev) return devCertificate(doorFiles(deps.folder).folder, { hosts: ownNames(listen.host), now: deps.now });
  if (deps.insecure || isLoopback(listen.host)) return undefined;
  throw fail('LISTEN_NOT_LOOPBACK', { at: at('host'), host: listen.host });
}

/** Names and addresses under which this machine may be reached at `host`. */
function ownNames(host: string): string[] {
  const own = isEverywhere(host)
    ? Object.values(networkInterfaces()).flatMap((one) => (one ?? []).map(({ address }) => address.split('%')[0]!))
    : [host];
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...own])];
}
