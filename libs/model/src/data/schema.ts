import { z } from 'zod';
import { augmentSchema } from './augment.ts';
import type { LoaderData } from './loader.ts';

const path = z.string().min(1);
const scale = z.number().positive();
const bySplit = <T extends z.ZodType>(value: T) =>
  z.union([value, z.strictObject({ train: value, validation: value.optional(), test: value.optional() })]);
const files = bySplit(path);
/** One target by its files, named `label`, or several by name. */
const targetFiles = z.union([files, z.record(z.string().min(1), files)]);
/** Columns by name, or targets of several columns: `{ box: [cx, cy, w, h] }`. */
const targetColumns = z.union([
  z.array(z.string()).min(1),
  z.record(z.string().min(1), z.union([z.string(), z.array(z.string()).min(1)])),
]);
const onBadRow = z.enum(['stop', 'skip']);
const delimiter = z.string().length(1);
const side = z.int().positive();

export const npzSchema = z.strictObject({
  file: path,
  /** An array's name; `{split}` stands for train, val and test. */
  inputs: z.string().min(1),
  targets: z.record(z.string().min(1), z.string().min(1)),
  scale: scale.optional(),
});

export const npySchema = z.strictObject({ inputs: files, targets: targetFiles, scale: scale.optional() });

export const idxSchema = z.strictObject({ inputs: files, targets: targetFiles, scale: scale.optional() });

export const csvSchema = z.strictObject({
  file: files,
  columns: z.array(z.string().min(1)).min(1).optional(),
  delimiter: delimiter.optional(),
  /** A cell with this text is a gap, as an empty one is. */
  missing: z.string().optional(),
  drop: z.array(z.string()).optional(),
  categorical: z.array(z.string()).optional(),
  targets: targetColumns,
  onBadRow: onBadRow.optional(),
});

/** As csv, whose columns may have no names and any delimiter. */
export const parquetSchema = csvSchema.omit({ columns: true, delimiter: true });

export const cifarSchema = z.strictObject({
  files: bySplit(z.union([path, z.array(path).min(1)])),
  shape: z.tuple([side, side, side]).optional(),
  /** Names of a record's leading label bytes. */
  labels: z.array(z.string().min(1)).min(1).optional(),
  targets: z
    .record(z.string().min(1), z.strictObject({ file: bySplit(z.union([path, z.array(path).min(1)])), size: side }))
    .optional(),
  scale: scale.optional(),
});

export const imagesSchema = z
  .strictObject({
    folder: files.optional(),
    index: files.optional(),
    delimiter: delimiter.optional(),
    targets: targetColumns.optional(),
    /** Height and width to bring every image to; needless where all are of one size. */
    size: z.tuple([side, side]).optional(),
    channels: z.union([z.literal(1), z.literal(3)]).optional(),
    scale: scale.optional(),
    onBadRow: onBadRow.optional(),
    /** Megabytes of decoded images to keep at hand. */
    cache: z.number().nonnegative().optional(),
  })
  .refine((given) => (given.folder === undefined) !== (given.index === undefined), {
    message: 'give either `folder` or `index`',
  });

const fraction = z.number().min(0).max(1);

export const splitSchema = z
  .strictObject({
    train: fraction.optional(),
    validation: fraction.optional(),
    test: fraction.optional(),
    /** A column whose equal values stay in one split. */
    by: z.string().min(1).optional(),
    /** true: by the first target; or a column's name. */
    stratify: z.union([z.boolean(), z.string().min(1)]).optional(),
    seed: z.int().nonnegative().optional(),
  })
  .refine(({ train, validation, test }) => {
    const given = [train, validation, test].filter((part) => part !== undefined);
    const sum = given.reduce((a, b) => a + b, 0);
    return sum <= 1 + 1e-9 && (given.length < 3 || sum >= 1 - 1e-9) && train !== 0;
  }, 'the fractions of train, validation and test must add up to 1, and train must not be 0');

const sources = {
  npz: npzSchema.optional(),
  npy: npySchema.optional(),
  csv: csvSchema.optional(),
  parquet: parquetSchema.optional(),
  idx: idxSchema.optional(),
  cifar: cifarSchema.optional(),
  images: imagesSchema.optional(),
};

export type SourceKind = keyof typeof sources;
export const SOURCE_KINDS = Object.keys(sources) as SourceKind[];

/** Only a client module can hold one: no file can hold a function. */
const loader = z.custom<LoaderData>(
  (value) => typeof (value as Partial<LoaderData> | null)?.open === 'function',
  'expected { inputShape, open }, in a client module',
);

/** `data` of a client file: one source, and what stands beside it. The adapter is checked by who knows the layers. */
export const dataSchema = z
  .strictObject({
    ...sources,
    loader: loader.optional(),
    adapter: z.unknown().optional(),
    augment: augmentSchema
      .optional()
      .describe('Images of the training batches are changed by chance; scores are of the images as they are.'),
    split: splitSchema.optional(),
    stream: z.string().min(1).optional(),
    batchSize: z.int().positive().optional(),
  })
  .refine((data) => [...SOURCE_KINDS, 'loader' as const].filter((kind) => data[kind] !== undefined).length === 1, {
    message: `give exactly one source: ${SOURCE_KINDS.join(', ')}`,
  });

export type DataConfig = z.output<typeof dataSchema>;
export type SplitConfig = z.output<typeof splitSchema>;
export type NpzConfig = z.output<typeof npzSchema>;
export type NpyConfig = z.output<typeof npySchema>;
export type IdxConfig = z.output<typeof idxSchema>;
export type CsvConfig = z.output<typeof csvSchema>;
export type ParquetConfig = z.output<typeof parquetSchema>;
export type CifarConfig = z.output<typeof cifarSchema>;
export type ImagesConfig = z.output<typeof imagesSchema>;
