import { basename } from 'node:path';
import { fail } from '@trunkline/protocol';
import { sourceOf, type Block } from './block.ts';
import { divide } from './divide.ts';
import { filesOf, readBytes, type FilesBySplit, type OpenContext, type Path } from './files.ts';
import type { CifarConfig, SplitConfig } from './schema.ts';
import { SPLITS, type Column, type Source, type Split } from './source.ts';

type Paths = FilesBySplit<string | string[]>;

/**
 * Opens binary records as CIFAR-10 and CIFAR-100 have them (A. Krizhevsky, 2009): label bytes, then one plane of bytes a channel,
 * row by row. Inputs are [height, width, channels]. How many records there are follows from the files' sizes. Further targets
 * are float32, little-endian, `size` of them a record, in files of their own.
 * @throws DATA_FILE_MISSING, DATA_FILE_BROKEN, DATA_NOT_FINITE, DATA_SPLIT_EMPTY
 */
export async function openCifar(
  config: CifarConfig,
  split: SplitConfig | undefined,
  context: OpenContext,
): Promise<Source> {
  const { bySplit, files } = filesOf(config.files, context);
  const file = basename(files.train!.paths[0]!);
  const shape = config.shape ?? [32, 32, 3];
  const opened = await Promise.all(
    SPLITS.flatMap((which) => (files[which] ? [which] : [])).map(
      async (which) => [which, await openBlock(config, { which, shape, context })] as const,
    ),
  );
  const blocks = Object.fromEntries(opened) as Partial<Record<Split, Block>>;
  const { parts, notes } = divide({ ...blocks, train: blocks.train! }, { bySplit, config: split, file, context });
  return sourceOf({ file, inputShape: shape, parts, notes });
}

async function openBlock(
  config: CifarConfig,
  { which, shape, context }: { which: Split; shape: readonly [number, number, number]; context: OpenContext },
): Promise<Block> {
  const { labels = ['label'], scale = 1 } = config;
  const [height, width, channels] = shape;
  const pixels = height * width;
  const record = labels.length + pixels * channels;
  const { bytes, starts } = await readRecords(config.files, {
    which,
    context,
    key: ['cifar', 'files'],
    record,
  });
  const size = bytes.length / record;
  /** What each byte becomes. */
  const scaled = Float32Array.from({ length: 256 }, (_, value) => value / scale);

  const targets: Record<string, Column> = {};
  for (const [i, label] of labels.entries()) {
    const values = Float32Array.from({ length: size }, (_, row) => bytes[row * record + i]!);
    targets[label] = { kind: 'number', shape: [], values };
  }
  for (const [name, target] of Object.entries(config.targets ?? {})) {
    const key = ['cifar', 'targets', name, 'file'];
    const read = await readRecords(target.file, { which, context, key, record: 4 * target.size });
    targets[name] = floatColumn(read.bytes, { size, width: target.size, file: read.starts[0]!.name });
  }
  return {
    size,
    targets,
    place(row) {
      const { name, from } = starts.findLast(({ from: first }) => first <= row)!;
      return `${row - from} of ${name}`;
    },
    inMemory: true,
    inputs(rows) {
      const out = new Float32Array(rows.length * pixels * channels);
      for (let i = 0; i < rows.length; i++) {
        let from = rows[i]! * record + labels.length;
        const to = i * pixels * channels;
        for (let channel = 0; channel < channels; channel++) {
          for (let at = to + channel; at < to + pixels * channels; at += channels) out[at] = scaled[bytes[from++]!]!;
        }
      }
      return out;
    },
  };
}

/** The bytes of a split's files one after the other, each a whole number of records, and each file's first record. */
async function readRecords(
  given: Paths,
  form: { which: Split; context: OpenContext; key: Path; record: number },
): Promise<{ bytes: Uint8Array; starts: { name: string; from: number }[] }> {
  const { which, context, key, record } = form;
  const found = filesOf(given, context).files[which] ?? { paths: [`(none for ${which})`], key: [] };
  const parts: Uint8Array[] = [];
  const starts: { name: string; from: number }[] = [];
  let from = 0;
  for (const path of found.paths) {
    const bytes = await readBytes(path, context, [...key, ...found.key]);
    const name = basename(path);
    const over = bytes.length % record;
    if (over > 0) {
      const problem = `its ${bytes.length} bytes are ${(bytes.length - over) / record} records of ${record} bytes and ${over} bytes more.`;
      throw fail('DATA_FILE_BROKEN', { file: name, format: 'record', problem });
    }
    parts.push(bytes);
    starts.push({ name, from });
    from += bytes.length / record;
  }
  return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), starts };
}

function floatColumn(bytes: Uint8Array, form: { size: number; width: number; file: string }): Column {
  const { size, width, file } = form;
  if (bytes.length !== size * width * 4) {
    const problem = `its ${bytes.length} bytes hold ${bytes.length / (width * 4)} records; the images have ${size}.`;
    throw fail('DATA_FILE_BROKEN', { file, format: 'float32', problem });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: size * width }, (_, i) => view.getFloat32(4 * i, true));
  const wrong = values.findIndex((value) => Math.abs(value) === Infinity);
  if (wrong >= 0) {
    const row = Math.floor(wrong / width);
    throw fail('DATA_NOT_FINITE', { file, array: file, row, found: String(values[wrong]) });
  }
  return { kind: 'number', shape: width === 1 ? [] : [width], values };
}
