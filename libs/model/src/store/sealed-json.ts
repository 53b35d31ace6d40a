import { sha256 } from '@trunkline/protocol';
import { writeJsonDurably, type Disk } from './disk.ts';

/** What a sealed file was found to be; `undefined` in place of it: there is no file. */
export type Unsealed = { readonly value: unknown; readonly problem?: undefined } | { readonly problem: string };

/** JSON with a hash of itself as its last key, so that no value in it changes unseen. Durable when this returns; throws the disk's error. */
export const writeSealed = (disk: Disk, path: string, value: Readonly<Record<string, unknown>>): void =>
  writeJsonDurably(disk, path, { ...value, seal: sealOf(value) });

/** Reads what `writeSealed` wrote. A file without a seal is taken as it is: people may write one. */
export function readSealed(disk: Pick<Disk, 'read'>, path: string): Unsealed | undefined {
  const bytes = disk.read(path);
  if (!bytes) return undefined;
  try {
    const { seal, ...value } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (seal !== undefined && seal !== sealOf(value)) return { problem: 'its seal is not that of what it says' };
    return { value };
  } catch {
    return { problem: 'it is not JSON' };
  }
}

const sealOf = (value: Readonly<Record<string, unknown>>): string =>
  sha256(new TextEncoder().encode(JSON.stringify(value)));
