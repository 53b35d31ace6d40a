import { fail } from '@trunkline/protocol';
import type { Disk } from '../store/index.ts';
import { brokenModel, decodeModel } from './decode-model.ts';
import { formatOf, type EncodedModel } from './encode-model.ts';
import type { OpenedModel } from './opened-model.ts';
import { shardNames } from './tfjs-decode.ts';

/**
 * Opens what `writeModel` wrote. @param path a file, or the folder of a tfjs layers model
 * @throws MODEL_MISSING, DATA_FILE_BROKEN, STORAGE_FAILED
 */
export function readModel(disk: Pick<Disk, 'read'>, path: string): OpenedModel {
  const format = formatOf(path);
  const at = path.replace(/(\/model\.json)?\/*$/, '');
  const found = format === 'tfjs' ? readFolder() : readFile();
  return decodeModel(found, format, path);

  function readFile(): EncodedModel {
    const file = bytesOf(disk, path);
    if (!file) throw missing('there is no such file');
    return { file };
  }

  function readFolder(): EncodedModel {
    const json = bytesOf(disk, `${at}/model.json`);
    if (!json) throw missing('there is no such folder with a model.json');
    const shards = shardNames(json, brokenModel(path, format)).map((name) => {
      const bytes = bytesOf(disk, `${at}/${name}`);
      if (!bytes) throw missing(`its ${name} is not there`);
      return [name, bytes] as const;
    });
    return { folder: { 'model.json': json, ...Object.fromEntries(shards) } };
  }

  function missing(problem: string) {
    const remedy = 'Name what `export` wrote: x.safetensors, x.keras, x.onnx, or the folder of a tfjs layers model.';
    return fail('MODEL_MISSING', { at: path, problem, remedy });
  }
}

/** Null too where a file's name stands for a folder, or a folder's for a file. */
export function bytesOf(disk: Pick<Disk, 'read'>, path: string): Uint8Array | null {
  try {
    return disk.read(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw fail('STORAGE_FAILED', { file: path, reason: (cause as Error).message }, cause);
  }
}
