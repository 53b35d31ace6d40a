import { fail } from '@trunkline/protocol';
import { folderOf, writeDurably, type Disk } from '../store/index.ts';
import { encodeModel, formatOf } from './encode-model.ts';
import type { ExportedModel } from './exported-model.ts';

export interface WriteModelTo {
  /** The path's ending says the format: `formatOf`. */
  readonly to: string;
  /** Write over what is there. */
  readonly force: boolean;
  /** The time that stands in the file, where its format has one. */
  readonly saved: Date;
}

/** Writes a model. @returns the files @throws EXPORT_LAYER, FILE_EXISTS, STORAGE_FAILED */
export function writeModel(disk: Disk, model: ExportedModel, { to, force, saved }: WriteModelTo): string[] {
  const encoded = encodeModel(model, formatOf(to), saved);
  const files: [string, Uint8Array][] =
    'file' in encoded
      ? [[to, encoded.file]]
      : Object.entries(encoded.folder).map(([name, bytes]) => [`${to.replace(/\/+$/, '')}/${name}`, bytes]);
  for (const [file] of files) if (!force && disk.read(file)) throw fail('FILE_EXISTS', { file });
  try {
    disk.makeFolder('folder' in encoded ? to : folderOf(to));
    for (const [file, bytes] of files) writeDurably(disk, file, bytes);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: to, reason: (cause as Error).message }, cause);
  }
  return files.map(([file]) => file);
}
