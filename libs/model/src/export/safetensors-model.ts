import { encodeSafetensors } from '../store/safetensors.ts';
import { layersOf, type ExportedModel } from './exported-model.ts';

/**
 * A model as safetensors, which any reader of the format opens: tensors `<part>-<layer>/<weight>` in their shapes, and in the metadata
 * the layers of each part as a run file writes them (`trunk`, `head`, `adapter`: JSON), the activation over the last one (`scores`),
 * and what the model is about. Every layer can be written, one's own of a client module too.
 */
export function encodeSafetensorsModel(model: ExportedModel): Uint8Array {
  const tensors = layersOf(model).flatMap(({ name, weights }) =>
    weights.map(({ name: weight, shape, values }) => [`${name}/${weight}`, { shape, values }] as const),
  );
  const specs: Record<string, string> = {};
  for (const { name, stack } of model.parts) {
    specs[name] = JSON.stringify({ input: stack.inputShape, layers: stack.specs });
  }
  return encodeSafetensors({
    tensors: Object.fromEntries(tensors),
    metadata: { ...model.about, ...specs, name: model.name, scores: model.scores ?? 'none' },
  });
}
