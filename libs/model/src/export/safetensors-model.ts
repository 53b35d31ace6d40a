import { encodeSafetensors, readSafetensors } from '../store/safetensors.ts';
import { layersOf, type ExportedModel } from './exported-model.ts';
import { notesOf } from './notes.ts';
import { copyWeights, type Broken, type NamedWeights, type OpenedModel } from './opened-model.ts';

/**
 * A model as safetensors, which any reader of the format opens: tensors `<part>-<layer>/<weight>` in their shapes, and in the metadata
 * the layers of each part as a run file writes them (`trunk`, `head`, `adapter`: JSON), the activation over the last one (`scores`),
 * and what the model is about. Every layer can be written, one's own of a client module too.
 */
export const encodeSafetensorsModel = (model: ExportedModel): Uint8Array =>
  encodeSafetensors({
    tensors: Object.fromEntries(namedWeights(model).map(({ name, shape, values }) => [name, { shape, values }])),
    metadata: notesOf(model),
  });

/** The bytes of `encodeSafetensorsModel`, opened. */
export function decodeSafetensorsModel(bytes: Uint8Array, broken: Broken): OpenedModel {
  const { tensors, metadata } = readSafetensors(bytes, broken);
  const found = Object.entries(tensors).flatMap(([name, { shape, values }]) =>
    values instanceof Float32Array ? [{ name, shape, values }] : [],
  );
  return { notes: metadata, fill: (model) => copyWeights(namedWeights(model), found, broken) };
}

const namedWeights = (model: ExportedModel): NamedWeights[] =>
  layersOf(model).flatMap(({ name, weights }) => weights.map((each) => ({ ...each, name: `${name}/${each.name}` })));
