import { basename } from 'node:path';
import { arrayBlock, sameShapes, type Named } from './arrays.ts';
import { sourceOf } from './block.ts';
import { divide } from './divide.ts';
import { filesOf, readBytes, type FilesBySplit, type OpenContext, type Path } from './files.ts';
import type { NdArray } from './npy.ts';
import type { IdxConfig, NpyConfig, SplitConfig } from './schema.ts';
import { SPLITS, type Source, type Split } from './source.ts';

/**
 * Opens inputs and targets that are a file of one array each, by split or still to be split: what npy and idx share.
 * @throws DATA_FILE_MISSING, DATA_FILE_BROKEN, DATA_SHAPE, DATA_NOT_FINITE, DATA_SPLIT_EMPTY
 */
export async function openArrayFiles(
  kind: 'npy' | 'idx',
  config: NpyConfig | IdxConfig,
  form: { split: SplitConfig | undefined; context: OpenContext; read: (bytes: Uint8Array, name: string) => NdArray },
): Promise<Source> {
  const { context, read, split } = form;
  const { bySplit, files } = filesOf(config.inputs, context);
  // As the user named it: `x-{split}.npy` is not one file.
  const file = basename(typeof config.inputs === 'string' ? config.inputs : files.train!.paths[0]!);
  const load = async (path: string, key: Path): Promise<Named> => {
    const name = basename(path);
    return { name, file: name, key, array: read(await readBytes(path, context, key), name) };
  };
  const given = SPLITS.filter((which) => files[which] !== undefined);
  const opened = await Promise.all(
    given.map(async (which) => {
      const inputs = await load(files[which]!.paths[0]!, [kind, 'inputs', ...files[which]!.key]);
      const targets: Record<string, Named> = {};
      for (const { target, files: its, key } of targetsOf(config.targets)) {
        const found = filesOf(its, context).files[which];
        // Without a file of its own a target is asked for by name, so that the error says which one is absent.
        targets[target] = await load(found?.paths[0] ?? `${target} (${which})`, [kind, ...key, ...(found?.key ?? [])]);
      }
      return [which, { inputs, block: arrayBlock({ inputs, targets, scale: config.scale, context }) }] as const;
    }),
  );
  const blocks = Object.fromEntries(opened) as Partial<Record<Split, (typeof opened)[0][1]>>;
  sameShapes(blocks, context);
  const train = blocks.train!.block;
  const bySplitBlocks = Object.fromEntries(opened.map(([which, { block }]) => [which, block]));
  const { parts, notes } = divide({ ...bySplitBlocks, train }, { bySplit, config: split, file, context });
  return sourceOf({ file, inputShape: train.inputShape, parts, notes });
}

/** Targets by name; files without a name are those of the one target `label`. */
function targetsOf(targets: NpyConfig['targets']): { target: string; files: FilesBySplit; key: Path }[] {
  const one = typeof targets === 'string' || isBySplit(targets);
  if (one) return [{ target: 'label', files: targets as FilesBySplit, key: ['targets'] }];
  return Object.entries(targets as Record<string, FilesBySplit>).map(([target, files]) => ({
    target,
    files,
    key: ['targets', target],
  }));
}

const isBySplit = (value: object) =>
  Object.entries(value).every(([key, file]) => (SPLITS as readonly string[]).includes(key) && typeof file === 'string');
