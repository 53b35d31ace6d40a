import { fail, sha256 } from '@trunkline/protocol';
import { readSafetensors } from '../store/safetensors.ts';
import type { StoredTensor } from '../store/tensor-file.ts';
import { parseTrunkSpec, type TrunkSpec } from './spec.ts';

/** The trunk in a file that `coordinator export` or `client export` wrote as safetensors. */
export interface TrunkFile {
  /** What errors call it. */
  readonly file: string;
  /** Of the whole file, hex. */
  readonly sha256: string;
  /** By slot of the trunk's layout: `0-dense/kernel`. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** Input and layers as a run file has them; undefined where the file does not say. Not checked. */
  readonly spec: TrunkSpec | undefined;
  /** Rounds that made it; 0 where the file does not say. */
  readonly rounds: number;
}

/** In front of a trunk's tensors; those of adapters and heads begin otherwise. */
const PREFIX = 'trunk-';

/** @throws DATA_FILE_BROKEN for what is no safetensors file, or one without a trunk */
export function readTrunkFile(bytes: Uint8Array, file: string): TrunkFile {
  const broken = (problem: string, cause?: unknown) =>
    fail('DATA_FILE_BROKEN', { file, format: 'safetensors', problem }, cause);
  const { tensors, metadata } = readSafetensors(bytes, broken);
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(PREFIX));
  if (own.length === 0)
    throw broken(`it holds no tensor \`${PREFIX}...\`; \`coordinator export RUN --to x.safetensors\` writes a trunk.`);
  const text = metadata['trunk'];
  return {
    file,
    sha256: sha256(bytes),
    tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(PREFIX.length), tensor])),
    spec:
      text === undefined
        ? undefined
        : parseTrunkSpec(text, (cause) => broken('its metadata `trunk` are not JSON.', cause)),
    rounds: Number(metadata['rounds'] ?? 0) || 0,
  };
}
