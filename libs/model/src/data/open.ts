import { fail } from '@trunkline/protocol';
import { openArrayFiles } from './array-files.ts';
import { openCifar } from './cifar.ts';
import { openCsv } from './csv.ts';
import type { OpenContext } from './files.ts';
import { readIdx } from './idx.ts';
import { openImages } from './images.ts';
import { readNpy } from './npy.ts';
import { openLoader } from './loader.ts';
import { openNpz } from './npz.ts';
import { openParquet } from './parquet.ts';
import type { DataConfig } from './schema.ts';
import type { Source } from './source.ts';

/**
 * Opens the source that `data` of a client file describes. `context.at` is asked for keys below `data`, e.g. `['npz', 'file']`.
 * @throws the DATA_ errors, each naming the file and what is wrong with it
 */
export async function openSource(config: DataConfig, context: OpenContext): Promise<Source> {
  const { split } = config;
  if (config.npz) return openNpz(config.npz, split, context);
  if (config.npy) return openArrayFiles('npy', config.npy, { split, context, read: readNpy });
  if (config.csv) return openCsv(config.csv, split, context);
  if (config.parquet) return openParquet(config.parquet, split, context);
  if (config.idx) return openArrayFiles('idx', config.idx, { split, context, read: readIdx });
  if (config.cifar) return openCifar(config.cifar, split, context);
  if (config.images) return openImages(config.images, split, context);
  if (config.loader) return openLoader(config.loader, context.at(['loader']));
  throw fail('UNEXPECTED', { what: 'Data without a source.' });
}
