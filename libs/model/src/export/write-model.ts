import { fail, sha256 } from '@trunkline/protocol';
import { folderOf, writeDurably, type Disk } from '../store/index.ts';
import { encodeModel, formatOf } from './encode-model.ts';
import type { ExportedModel } from './exported-model.ts';
import { modelCardText, type ModelCard } from './model-card.ts';

export interface WriteModelTo {
  /** The path's ending says the format: `formatOf`. */
  readonly to: string;
  /** Write over what is there. */
  readonly force: boolean;
  /** The time that stands in the file, where its format has one. */
  readonly saved: Date;
  /** Written beside the model: `x.keras.md`, in a folder `README.md`. Left out: none. */
  readonly card?: ModelCard;
}

/** Writes a model, and its card beside it. @returns the files @throws EXPORT_LAYER, FILE_EXISTS, STORAGE_FAILED */
export function writeModel(disk: Disk, model: ExportedModel, { to, force, saved, card }: WriteModelTo): string[] {
  const encoded = encodeModel(model, formatOf(to), saved);
  const files: [string, Uint8Array][] =
    'file' in encoded
      ? [[to, encoded.file]]
      : Object.entries(encoded.folder).map(([name, bytes]) => [`${to.replace(/\/+$/, '')}/${name}`, bytes]);
  if (card) {
    const listed = files.map(([file, bytes]) => ({ name: file.split('/').at(-1)!, sha256: sha256(bytes) }));
    const beside = 'file' in encoded ? `${to}.md` : `${to.replace(/\/+$/, '')}/README.md`;
    files.push([beside, new TextEncoder().encode(modelCardText(card, listed))]);
  }
  for (const [file] of files) if (!force && disk.read(file)) throw fail('FILE_EXISTS', { file });
  try {
    disk.makeFolder('folder' in encoded ? to : folderOf(to));
    for (const [file, bytes] of files) writeDurably(disk, file, bytes);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: to, reason: (cause as Error).message }, cause);
  }
  return files.map(([file]) => file);
}
