import { fail } from '@trunkline/protocol';
import type { TensorSlot } from '../layout.ts';
import { readTrunkFile, type TrunkFile } from './trunk-file.ts';
import type { Trunk } from './trunk.ts';

/** Values of a trunk that come from a file, not from the seed. */
export interface TrunkStart {
  readonly sha256: string;
  /** The file as it is, so that a run can keep it. */
  readonly bytes: Uint8Array;
  /** Layers of the trunk that are not in the file may keep the values of the seed, layers of the file may be of no use. */
  readonly partial: boolean;
  /** Slots that keep the values of the seed. */
  readonly seeded: readonly string[];
  /** Tensors of the file that the trunk has no slot for. */
  readonly unused: readonly string[];
  /** Writes the file's values over a flat trunk in its layout. */
  fill(theta: Float32Array): void;
}

interface StartOptions {
  /** What errors call the file. */
  readonly file: string;
  readonly partial: boolean;
  /** Where the file is named, for errors. */
  readonly at: string;
}

/**
 * Checks an exported trunk against the trunk that is to start from it: each tensor must have its slot's name, shape and type, and finite values.
 * Every mismatch is named at once.
 * @param bytes of a safetensors file
 * @throws DATA_FILE_BROKEN, CONFIG_INVALID
 */
export function trunkStart(trunk: Trunk, bytes: Uint8Array, { file, partial, at }: StartOptions): TrunkStart {
  const read = readTrunkFile(bytes, file);
  const { slots } = trunk.layout;
  const seeded = slots.filter(({ name }) => !Object.hasOwn(read.tensors, name)).map(({ name }) => name);
  const unused = Object.keys(read.tensors).filter((name) => !slots.some((slot) => slot.name === name));
  const wrong = slots.flatMap((slot) => mismatchOf(slot, read) ?? []);
  const lacking = partial ? [] : seeded.map((name) => `\`${name}\` is not in the file`);
  const needless = partial ? [] : unused.map((name) => `the trunk has no \`${name}\``);
  const mismatches = [...wrong, ...lacking, ...needless];
  if (mismatches.length > 0) {
    throw fail('CONFIG_INVALID', {
      at,
      key: 'trunk.from',
      problem: `${file} is not of this trunk: ${mismatches.join('; ')}.`,
      remedy:
        wrong.length > 0
          ? 'Give the trunk the layers that the file was trained with, or start from another file.'
          : 'Correct the layers; or set `partial: true` beside `file`, which keeps seeded values and leaves tensors out where one side has no other.',
    });
  }
  if (seeded.length === slots.length) {
    const problem = `${file} shares no layer with this trunk; its own: ${Object.keys(read.tensors).join(', ')}.`;
    throw fail('CONFIG_INVALID', { at, key: 'trunk.from', problem, remedy: 'Correct the layers, or remove `from`.' });
  }
  return {
    ...{ sha256: read.sha256, bytes, partial, seeded, unused },
    fill: (theta) => fillFrom(theta, slots, readTrunkFile(bytes, file)),
  };
}

function fillFrom(theta: Float32Array, slots: readonly TensorSlot[], { tensors }: TrunkFile): void {
  for (const { name, offset } of slots) {
    const values = Object.hasOwn(tensors, name) ? tensors[name]!.values : undefined;
    if (values) theta.set(values as Float32Array, offset);
  }
}

function mismatchOf({ name, shape }: TensorSlot, { tensors }: TrunkFile): string | undefined {
  if (!Object.hasOwn(tensors, name)) return undefined;
  const found = tensors[name]!;
  if (found.shape.join() !== shape.join())
    return `\`${name}\` has shape [${found.shape.join(', ')}] there, [${shape.join(', ')}] here`;
  if (!(found.values instanceof Float32Array)) return `\`${name}\` is not of type F32`;
  const wrong = found.values.find((value) => !Number.isFinite(value));
  return wrong === undefined ? undefined : `\`${name}\` holds ${wrong}`;
}
