import { bytesOfWeights, type ExportedModel } from './exported-model.ts';
import { inputShapeOf, kerasLayers, type KerasLayerConfig } from './keras-layers.ts';
import { notesOf } from './notes.ts';
import type { NamedWeights } from './opened-model.ts';

/** The files of a folder, by name. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>;

/** What tfjs itself gives a file of weights at most, so that browsers cache each. */
const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * A model as `tf.loadLayersModel` reads it: `model.json` with a sequential model and a manifest of weights, and the weights in files of
 * 4 MiB at most, `weights.bin` where one holds them. @throws EXPORT_LAYER
 */
export function encodeTfjsModel(model: ExportedModel): ModelFiles {
  const layers = kerasLayers(model, 'tfjs');
  const input = {
    class_name: 'InputLayer',
    config: { name: 'input', dtype: 'float32', sparse: false, batch_input_shape: [null, ...inputShapeOf(model)] },
  };
  const weights = namedWeights(layers);
  const shards = shardsOf(bytesOfWeights(weights));
  const json = {
    format: 'layers-model',
    generatedBy: 'trunkline',
    convertedBy: null,
    userDefinedMetadata: notesOf(model),
    modelTopology: {
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
      model_config: {
        class_name: 'Sequential',
        config: {
          name: model.name,
          layers: [input, ...layers.map(({ className, config }) => ({ class_name: className, config }))],
        },
      },
    },
    weightsManifest: [
      {
        paths: Object.keys(shards),
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  return { 'model.json': new TextEncoder().encode(`${JSON.stringify(json, null, 1)}\n`), ...shards };
}

/** All weights, as the manifest names them. */
export const namedWeights = (layers: readonly KerasLayerConfig[]): NamedWeights[] =>
  layers.flatMap(({ config, weights }) =>
    weights.map(({ name, shape, values }) => ({ name: `${config.name}/${name}`, shape, values })),
  );

function shardsOf(bytes: Uint8Array): Record<string, Uint8Array> {
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  if (count === 1) return { 'weights.bin': bytes };
  const shards = Array.from({ length: count }, (_, i) => [
    `weights-${i + 1}of${count}.bin`,
    bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES),
  ]);
  return Object.fromEntries(shards) as Record<string, Uint8Array>;
}
