import { basename } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { fromBufferPromise, type Entry } from 'yauzl';
import { fail } from '@trunkline/protocol';
import { arrayBlock, sameShapes, type Named } from './arrays.ts';
import { sourceOf } from './block.ts';
import { divide, targetKeys } from './divide.ts';
import { nameOf, readBytes, reasonOf, type OpenContext, type Path } from './files.ts';
import { readNpy, type NdArray } from './npy.ts';
import type { NpzConfig, SplitConfig } from './schema.ts';
import { SPLITS, type Source, type Split } from './source.ts';

/** The arrays of an npz file by name, each unpacked when it is asked for. */
export interface Npz {
  readonly names: readonly string[];
  /** @throws DATA_FILE_BROKEN */
  array(name: string): NdArray;
}

/** An npz file is a zip of npy files. @throws DATA_FILE_BROKEN */
export async function readNpz(bytes: Uint8Array, file: string): Promise<Npz> {
  const broken = (cause: unknown) =>
    fail('DATA_FILE_BROKEN', { file, format: 'npz', problem: `${reasonOf(cause).replace(/\.$/, '')}.` }, cause);
  const packed = await packedArrays(bytes).catch((cause: unknown) => {
    throw broken(cause);
  });
  const unpacked = (name: string): Uint8Array => {
    try {
      return unpack(packed.get(name)!);
    } catch (cause) {
      throw broken(cause);
    }
  };
  return { names: [...packed.keys()], array: (name) => readNpy(unpacked(name), `${file}: ${name}`) };
}

interface Packed {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
}

async function packedArrays(bytes: Uint8Array): Promise<ReadonlyMap<string, Packed>> {
  const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    lazyEntries: true,
  });
  const packed = new Map<string, Packed>();
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith('.npy')) continue;
    const { fileDataStart: from } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    packed.set(entry.fileName.slice(0, -4), { entry, bytes: bytes.subarray(from, from + entry.compressedSize) });
  }
  return packed;
}

/** By Node's own zlib, which takes a tenth of the time that one in JavaScript does. */
function unpack({ entry, bytes }: Packed): Uint8Array {
  const { fileName, uncompressedSize } = entry;
  if (!entry.canDecodeFileData()) throw new Error(`${fileName} is encrypted, or packed by an unknown method`);
  // A size of 0 as a limit would mean none.
  const unpacked =
    entry.compressionMethod === 0 ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(1, uncompressedSize) });
  if (unpacked.length !== uncompressedSize)
    throw new Error(`${fileName} has ${unpacked.length} bytes instead of ${uncompressedSize}`);
  return unpacked;
}

/**
 * Opens arrays of one npz file. `{split}` in names stands for train, val and test; names without it are rows still to be split.
 * @throws DATA_FILE_MISSING, DATA_FILE_BROKEN, DATA_ARRAY_MISSING, DATA_SHAPE, DATA_NOT_FINITE, DATA_SPLIT_EMPTY
 */
export async function openNpz(
  config: NpzConfig,
  split: SplitConfig | undefined,
  context: OpenContext,
): Promise<Source> {
  const file = basename(config.file);
  const npz = await readNpz(await readBytes(config.file, context, ['npz', 'file']), file);
  const named = (template: string, which: Split, key: Path): Named => {
    const name = nameOf(template, which);
    if (npz.names.includes(name)) return { array: npz.array(name), name, file, key };
    throw fail('DATA_ARRAY_MISSING', { at: context.at(key), file, array: name, known: npz.names.join(', ') || 'none' });
  };

  const bySplit = config.inputs.includes('{split}');
  for (const [target, template] of Object.entries(config.targets)) {
    if (template.includes('{split}') === bySplit) continue;
    const remedy = 'Put `{split}` into the names of inputs and targets alike, or into none.';
    const problem = `\`${template}\` and the inputs \`${config.inputs}\` are not split alike.`;
    const key = `npz.targets.${target}`;
    throw fail('CONFIG_INVALID', { at: context.at(['npz', 'targets', target]), key, problem, remedy });
  }
  const asked = SPLITS.filter((which) => {
    if (which === 'train') return true;
    const absent = !bySplit || !npz.names.includes(nameOf(config.inputs, which));
    return !absent || (bySplit && which === 'test' && split === undefined);
  });
  const opened = asked.map((which) => {
    const inputs = named(config.inputs, which, ['npz', 'inputs']);
    const targets = Object.entries(config.targets).map(([target, template]) => [
      target,
      named(template, which, ['npz', 'targets', target]),
    ]);
    const made = { inputs, targets: Object.fromEntries(targets) as Record<string, Named> };
    return [which, { inputs, block: arrayBlock({ ...made, scale: config.scale, context }) }] as const;
  });
  const blocks = Object.fromEntries(opened) as Partial<Record<Split, (typeof opened)[0][1]>>;
  sameShapes(blocks, context);

  const { parts, notes } = divide(
    { ...Object.fromEntries(opened.map(([which, { block }]) => [which, block])), train: blocks.train!.block },
    {
      bySplit,
      config: split,
      file,
      context,
      keys: (block, column) => {
        const name = nameOf(column, 'train');
        if (block.targets[column] !== undefined || !npz.names.includes(name)) return targetKeys(block, column);
        const { inputs, targets } = {
          inputs: blocks.train!.inputs,
          targets: { by: named(column, 'train', ['split']) },
        };
        return targetKeys(arrayBlock({ inputs, targets, scale: config.scale, context }), 'by');
      },
    },
  );
  return sourceOf({ file, inputShape: blocks.train!.block.inputShape, parts, notes });
}
