import type { ExportedModel } from './exported-model.ts';
import { encodeKerasModel } from './keras-file.ts';
import { encodeSafetensorsModel } from './safetensors-model.ts';
import { encodeTfjsModel, type ModelFiles } from './tfjs-model.ts';

/** What a model can be written as. */
export type ModelFormat = 'safetensors' | 'keras' | 'tfjs';

/** One file, or the files of a folder by name. */
export type EncodedModel = { readonly file: Uint8Array } | { readonly folder: ModelFiles };

/** A path's ending says what is written: `.safetensors`, `.keras`, and with neither a folder with a tfjs layers model. */
export const formatOf = (path: string): ModelFormat =>
  path.endsWith('.safetensors') ? 'safetensors' : path.endsWith('.keras') ? 'keras' : 'tfjs';

/** @param saved the time that stands in the file, where its format has one @throws EXPORT_LAYER */
export function encodeModel(model: ExportedModel, format: ModelFormat, saved: Date): EncodedModel {
  switch (format) {
    case 'safetensors':
      return { file: encodeSafetensorsModel(model) };
    case 'keras':
      return { file: encodeKerasModel(model, saved) };
    case 'tfjs':
      return { folder: encodeTfjsModel(model) };
  }
}
