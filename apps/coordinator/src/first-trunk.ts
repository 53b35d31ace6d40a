import { resolve } from 'node:path';
import { fail } from '@trunkline/protocol';
import { fileDisk } from '@trunkline/model/disk';
import { readTrunkBytes } from '@trunkline/model/export';
import { initialTrunk, trunkStart, type Trunk, type TrunkStart } from '@trunkline/model/trunk';
import type { RunConfig } from './config.ts';

/** The name under which a run keeps the file that its trunk starts from. */
export const START_FILE = 'from.safetensors';

/**
 * The file that `trunk.from` names, relative to the run file, checked against the trunk; undefined where the trunk starts from the seed.
 * @throws DATA_FILE_MISSING, MODEL_MISSING, DATA_FILE_BROKEN, CONFIG_INVALID
 */
export function readStart({ trunk: { from }, source }: RunConfig, trunk: Trunk): TrunkStart | undefined {
  if (!from) return undefined;
  const { file, partial, sha256 } = from;
  const at = source.at(['trunk', 'from']);
  const start = trunkStart(trunk, bytesOf(resolve(source.folder, file), at), { file, partial, at });
  if (sha256 === undefined || sha256 === start.sha256) return start;
  throw fail('CONFIG_INVALID', {
    at,
    key: 'trunk.from.sha256',
    problem: `${file} has the SHA-256 ${start.sha256}; expected ${sha256}.`,
    remedy: 'Put the file there that was meant, or correct the digest.',
  });
}

function bytesOf(file: string, at: string): Uint8Array {
  const bytes = readTrunkBytes(fileDisk(), file);
  if (!bytes) throw fail('DATA_FILE_MISSING', { at, file });
  return bytes;
}

/** Trunk 0 of a run: seeded values, and over them those of the file that it starts from. A new array. */
export function firstTrunk(plan: {
  trunk: Trunk;
  start: TrunkStart | undefined;
  config: { seed: number };
}): Float32Array {
  const theta = initialTrunk(plan.trunk, plan.config.seed);
  plan.start?.fill(theta);
  return theta;
}
