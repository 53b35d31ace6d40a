import { zipSync } from 'fflate';
import type { ExportedModel } from './exported-model.ts';
import { encodeHdf5, type Hdf5Group } from './hdf5.ts';
import { notesOf } from './notes.ts';
import { inputShapeOf, kerasLayers, type KerasLayerConfig } from './keras-layers.ts';

/** The version whose form is written; newer ones read it. */
const KERAS_VERSION = '3.0.0';

/**
 * A model as a `.keras` file, which Python Keras 3 opens by `keras.saving.load_model`: a zip of `config.json`, `metadata.json` and
 * `model.weights.h5`, uncompressed. @param saved goes into the file @throws EXPORT_LAYER
 */
export function encodeKerasModel(model: ExportedModel, saved: Date): Uint8Array {
  const layers = kerasLayers(model, 'keras');
  const shape = [null, ...inputShapeOf(model)];
  const config = {
    module: 'keras',
    class_name: 'Sequential',
    config: {
      name: model.name,
      trainable: true,
      dtype: 'float32',
      layers: [
        layerEntry('InputLayer', { name: 'input', dtype: 'float32', batch_shape: shape }),
        ...layers.map(({ className, config: own }) => layerEntry(className, own)),
      ],
      build_input_shape: shape,
    },
    registered_name: null,
    build_config: { input_shape: shape },
  };
  const metadata = { keras_version: KERAS_VERSION, date_saved: saved.toISOString(), ...notesOf(model) };
  const files = {
    'metadata.json': new TextEncoder().encode(JSON.stringify(metadata)),
    'config.json': new TextEncoder().encode(JSON.stringify(config)),
    'model.weights.h5': encodeHdf5(weightsOf(layers)),
  };
  // A zip's times begin in 1980, and are local.
  return zipSync(files, { level: 0, mtime: '1980-01-01T12:00:00' });
}

const layerEntry = (className: string, config: Readonly<Record<string, unknown>>) => ({
  module: 'keras.layers',
  class_name: className,
  config,
  registered_name: null,
});

/** `layers/<class>[_<n>]/vars/<i>`: Keras counts layers of one class, whatever their names. */
export function weightsOf(layers: readonly KerasLayerConfig[]): Hdf5Group {
  const counts = new Map<string, number>();
  const groups: Record<string, Hdf5Group> = {};
  for (const { className, weights } of layers) {
    const plain = snakeCase(className);
    const count = counts.get(plain) ?? 0;
    counts.set(plain, count + 1);
    const vars = Object.fromEntries(weights.map(({ shape, values }, i) => [String(i), { shape, values }]));
    groups[count === 0 ? plain : `${plain}_${count}`] = { vars };
  }
  return { layers: groups, vars: {} };
}

/** As Keras does it: `DepthwiseConv2D` → `depthwise_conv2d`. */
const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
