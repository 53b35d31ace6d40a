import type { ExportedModel } from './exported-model.ts';
import { encodeKerasModel } from './keras-file.ts';
import { encodeOnnxModel } from './onnx/index.ts';
import { encodeSafetensorsModel } from './safetensors-model.ts';
import { encodeTfjsModel, type ModelFiles } from './tfjs-model.ts';

/** What a model can be written as. */
export type ModelFormat = 'safetensors' | 'keras' | 'onnx' | 'tfjs';

/** One file, or the files of a folder by name. */
export type EncodedModel = { readonly file: Uint8Array } | { readonly folder: ModelFiles };

/** A path's ending says what is written: `.safetensors`, `.keras`, `.onnx`, and with none of them a folder with a tfjs layers model. */
export const formatOf = (path: string): ModelFormat =>
  (['safetensors', 'keras', 'onnx'] as const).find((format) => path.endsWith(`.${format}`)) ?? 'tfjs';

/** @param saved the time that stands in the file, where its format has one @throws EXPORT_LAYER */
export function encodeModel(model: ExportedModel, format: ModelFormat, saved: Date): EncodedModel {
  switch (format) {
    case 'safetensors':
      return { file: encodeSafetensorsModel(model) };
    case 'keras':
      return { file: encodeKerasModel(model, saved) };
    case 'onnx':
      return { file: encodeOnnxModel(model) };
    case 'tfjs':
      return { folder: encodeTfjsModel(model) };
  }
}
