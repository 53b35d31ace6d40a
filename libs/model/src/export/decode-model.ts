import { fail } from '@trunkline/protocol';
import { encodeModel, type EncodedModel, type ModelFormat } from './encode-model.ts';
import { decodeKerasModel } from './keras-decode.ts';
import { decodeOnnxModel } from './onnx/decode.ts';
import type { Broken, OpenedModel } from './opened-model.ts';
import { decodeSafetensorsModel } from './safetensors-model.ts';
import { decodeTfjsModel } from './tfjs-decode.ts';

/** How the formats are called in a sentence. */
const CALLED: Readonly<Record<ModelFormat, string>> = {
  safetensors: 'safetensors',
  keras: '.keras',
  onnx: 'ONNX',
  tfjs: 'tfjs layers model',
};

/** What is wrong with a model file, as an error. */
export const brokenModel =
  (file: string, format: ModelFormat): Broken =>
  (problem, cause) =>
    fail('DATA_FILE_BROKEN', { file, format: CALLED[format], problem }, cause);

/**
 * A model file as `encodeModel` writes it. Files of other programs in these formats are told apart and refused: the layers come from our
 * notes, and a file must be what these layers and its weights make, byte for byte (but for safetensors, which hold nothing else).
 * @param file what errors call it @throws DATA_FILE_BROKEN, also when it is filled
 */
export function decodeModel(encoded: EncodedModel, format: ModelFormat, file: string): OpenedModel {
  const broken = brokenModel(file, format);
  const opened = open();
  if (opened.notes['trunk'] === undefined)
    throw broken(
      'it has not the notes that `export` writes: another program made it, or an older version of this one.',
    );
  return {
    ...opened,
    fill(model) {
      opened.fill(model);
      if (format === 'safetensors') return;
      if (!sameBytes(encodeModel(model, format, opened.saved ?? new Date(0)), encoded))
        throw broken('its layers are not those of its notes: another program or version changed it.');
    },
  };

  function open(): OpenedModel {
    if ('folder' in encoded) return decodeTfjsModel(encoded.folder, broken);
    const { file: bytes } = encoded;
    if (format === 'keras') return decodeKerasModel(bytes, broken);
    return format === 'onnx' ? decodeOnnxModel(bytes, broken) : decodeSafetensorsModel(bytes, broken);
  }
}

function sameBytes(one: EncodedModel, other: EncodedModel): boolean {
  const files = (model: EncodedModel) => ('file' in model ? { file: model.file } : model.folder);
  const [a, b] = [Object.entries(files(one)), files(other) as Readonly<Record<string, Uint8Array>>];
  return a.length === Object.keys(b).length && a.every(([name, bytes]) => b[name] && equal(bytes, b[name]));
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
