import { unzipSync } from 'fflate';
import { z } from 'zod';
import { decodeHdf5 } from './hdf5-decode.ts';
import { isDataset, type Hdf5Group } from './hdf5.ts';
import { weightsOf } from './keras-file.ts';
import { kerasLayers } from './keras-layers.ts';
import { copyWeights, jsonOf, type Broken, type NamedWeights, type OpenedModel } from './opened-model.ts';

const metadataSchema = z.looseObject({ keras_version: z.string(), date_saved: z.string() });

/** The bytes of `encodeKerasModel`, opened. */
export function decodeKerasModel(bytes: Uint8Array, broken: Broken): OpenedModel {
  const files = unzipped(bytes, broken);
  const [metadata, weights] = ['metadata.json', 'model.weights.h5'].map((name) => {
    if (!Object.hasOwn(files, name)) throw broken(`it holds no ${name}.`);
    return files[name]!;
  });
  const { date_saved: saved, ...others } = jsonOf(metadataSchema, metadata!, 'metadata.json', broken);
  const texts = Object.entries(others).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== 'keras_version',
  );
  return {
    notes: Object.fromEntries(texts),
    saved: new Date(saved),
    fill(model) {
      const found = flattened(decodeHdf5(weights!, broken));
      copyWeights(flattened(weightsOf(kerasLayers(model, 'keras'))), found, broken);
    },
  };
}

function unzipped(bytes: Uint8Array, broken: Broken): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (cause) {
    throw broken('it is not a zip.', cause);
  }
}

/** All datasets of a tree by their paths. */
const flattened = (group: Hdf5Group, path = ''): NamedWeights[] =>
  Object.entries(group).flatMap(([key, member]) => {
    const name = `${path}/${key}`;
    return isDataset(member) ? [{ ...member, name }] : flattened(member, name);
  });
