import { existsSync } from 'node:fs';
import { fail, TrunklineError } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import { sourceOf, takeRows, type Block } from './block.ts';
import { divide, targetKeys } from './divide.ts';
import { reasonOf, type OpenContext } from './files.ts';
import { createImageCache } from './image-cache.ts';
import type { ImageForm } from './image-decode.ts';
import { readImageHeader, type ImageHeader } from './image-header.ts';
import { listImages, type ImageList } from './image-list.ts';
import { createDecodeThreads, decodeHere, type Decode } from './image-threads.ts';
import type { ImagesConfig, SplitConfig } from './schema.ts';
import { SPLITS, type Column, type Source, type Split } from './source.ts';

/** Megabytes of decoded images kept at hand where the client file does not say. */
const CACHE = 256;
/** Images under way at the same time: enough for a batch, so that threads can go on while the one that asked is busy. */
const AT_ONCE = 256;
/** From this number of images on they are decoded in threads of their own. */
const MANY = 1000;

interface ImageBlock extends Block {
  readonly table: ImageList['table'];
}

/**
 * Opens images as a source. Their headers are read at once, so that what is missing, empty, cut off or of another size is known
 * before training; they are decoded when asked for, and kept within a budget, so that memory is bounded whatever their number.
 *
 * With `onBadRow: skip` images whose header is wrong are left out; one that only decoding shows to be broken becomes zeros without
 * labels. Both are counted in `notes`.
 * @throws DATA_FILE_MISSING, DATA_FILE_BROKEN, DATA_COLUMN_MISSING, DATA_IMAGE_BROKEN, DATA_SHAPE, DATA_SPLIT_EMPTY
 */
export async function openImages(
  config: ImagesConfig,
  split: SplitConfig | undefined,
  context: OpenContext,
): Promise<Source> {
  const { bySplit, file, lists, notes: unlisted } = await listImages(config, split?.by, context);
  const notes: string[] = [...unlisted];
  const usable: Partial<Record<Split, ImageList>> = {};
  let size = config.size;
  for (const which of SPLITS) {
    const list = lists[which];
    if (!list) continue;
    const headers = await inTurn(list.paths, (path) =>
      existsSync(path) ? readImageHeader(path) : 'there is no such file.',
    );
    usable[which] = withoutBroken(list, headers, { skip: config.onBadRow === 'skip', notes, file });
    size ??= headers
      .filter((header) => typeof header !== 'string')
      .map(({ height, width }): [number, number] => [height, width])[0];
    if (config.size === undefined) requireSize(list, headers, { size: size!, context });
  }
  const channels = config.channels ?? 3;
  const form: ImageForm = { size: size ?? [0, 0], channels, scale: config.scale ?? 1 };
  const budget = (config.cache ?? CACHE) * 1_000_000;
  const total = Object.values(usable).reduce((sum, { paths }) => sum + paths.length, 0);
  const decode = total < MANY ? decodeHere : createDecodeThreads();
  const skip = config.onBadRow === 'skip';
  const blocks = Object.fromEntries(
    Object.entries(usable).map(([which, list]) => [
      which,
      imageBlock(list, { form, notes, skip, decode, budget: (budget * list.paths.length) / total }),
    ]),
  ) as Partial<Record<Split, ImageBlock>>;
  const { parts, notes: made } = divide(
    { ...blocks, train: blocks.train! },
    {
      bySplit,
      config: split,
      file,
      context,
      keys: (block, column) => tableKeys(block, column) ?? targetKeys(block, column),
    },
  );
  notes.unshift(...made);
  return sourceOf({ file, inputShape: [...form.size, channels], parts, notes });
}

function tableKeys({ table }: ImageBlock, column: string): string[] | undefined {
  const place = table?.names.indexOf(column) ?? -1;
  return place < 0 ? undefined : table!.rows.map((row) => row[place]!);
}

/** The images whose headers are sound. @throws DATA_IMAGE_BROKEN */
function withoutBroken(
  list: ImageList,
  headers: readonly (ImageHeader | string)[],
  { skip, notes, file }: { skip: boolean; notes: string[]; file: string },
): ImageList {
  const sound = headers.flatMap((header, i) => (typeof header === 'string' ? [] : [i]));
  if (sound.length === headers.length) return list;
  const first = headers.findIndex((header) => typeof header === 'string');
  const problem = headers[first] as string;
  if (!skip) throw fail('DATA_IMAGE_BROKEN', { file: list.names[first]!, problem });
  notes.push(`${file}: unusable images left out: ${headers.length - sound.length} (${list.names[first]}: ${problem})`);
  const { table } = list;
  return {
    paths: sound.map((i) => list.paths[i]!),
    names: sound.map((i) => list.names[i]!),
    targets: Object.fromEntries(Object.entries(list.targets).map(([name, column]) => [name, takeRows(column, sound)])),
    table: table && { ...table, rows: sound.map((i) => table.rows[i]!), lines: sound.map((i) => table.lines[i]!) },
  };
}

/** Without `size` all images must have the first one's. @throws DATA_SHAPE */
function requireSize(
  list: ImageList,
  headers: readonly (ImageHeader | string)[],
  { size, context }: { size: readonly [number, number]; context: OpenContext },
): void {
  const other = headers.findIndex(
    (header) => typeof header !== 'string' && (header.height !== size[0] || header.width !== size[1]),
  );
  if (other < 0) return;
  const { height, width } = headers[other] as ImageHeader;
  throw fail('DATA_SHAPE', {
    at: context.at(['images']),
    array: list.names[other]!,
    file: 'the folder of images',
    found: `${height}, ${width}`,
    expected: `[${size.join(', ')}], as the first image has`,
    remedy: 'Set `size: [height, width]`: images are then brought to it.',
  });
}

function imageBlock(
  list: ImageList,
  made: { form: ImageForm; notes: string[]; skip: boolean; decode: Decode; budget: number },
): ImageBlock {
  const { form, notes, skip, decode, budget } = made;
  const width = sizeOf([...form.size, form.channels]);
  const cache = createImageCache(budget);
  const broken = new Set<number>();
  const imageOf = async (row: number): Promise<Float32Array> => {
    const known = cache.get(row);
    if (known) return known;
    if (broken.has(row)) return new Float32Array(width);
    try {
      const image = await decode(list.paths[row]!, form);
      cache.put(row, image);
      return image;
    } catch (cause) {
      if (cause instanceof TrunklineError) throw cause;
      const problem = `${reasonOf(cause)}.`;
      if (!skip) throw fail('DATA_IMAGE_BROKEN', { file: list.names[row]!, problem }, cause);
      broken.add(row);
      for (const column of Object.values(list.targets)) forget(column, row);
      notes.push(`${list.names[row]}: this image cannot be decoded and counts as not labelled: ${problem}`);
      return new Float32Array(width);
    }
  };
  return {
    size: list.paths.length,
    targets: list.targets,
    table: list.table,
    place: (row) => `${row} (${list.names[row]})`,
    async inputs(rows) {
      const out = new Float32Array(rows.length * width);
      await inTurn(Array.from(rows), async (row, i) => out.set(await imageOf(row), i * width));
      return out;
    },
  };
}

/** Turns a row's label into a missing one. */
function forget(column: Column, row: number): void {
  if (column.kind === 'text') {
    (column.values as string[])[row] = '';
  } else {
    const width = sizeOf(column.shape);
    column.values.fill(NaN, row * width, (row + 1) * width);
  }
}

/** Results in order, a bounded number of them under way. */
async function inTurn<T, R>(items: readonly T[], work: (item: T, i: number) => R | Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!, i);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}
