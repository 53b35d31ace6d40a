import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import { kerasLayers } from './keras-layers.ts';
import { copyWeights, jsonOf, type Broken, type NamedWeights, type OpenedModel } from './opened-model.ts';
import { namedWeights, type ModelFiles } from './tfjs-model.ts';

const weightsSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.literal('float32'),
});
/** What of a `model.json` is read; names of files stay in its folder. */
const jsonSchema = z.object({
  userDefinedMetadata: z.record(z.string(), z.string()).default({}),
  weightsManifest: z.tuple([
    z.object({ paths: z.array(z.string().regex(/^[\w-]+\.bin$/)).max(10_000), weights: z.array(weightsSchema) }),
  ]),
});

/** The files of weights that a `model.json` names. */
export const shardNames = (json: Uint8Array, broken: Broken): readonly string[] =>
  jsonOf(jsonSchema, json, 'model.json', broken).weightsManifest[0].paths;

/** The files of `encodeTfjsModel`, opened. */
export function decodeTfjsModel(files: ModelFiles, broken: Broken): OpenedModel {
  const { userDefinedMetadata, weightsManifest } = jsonOf(jsonSchema, files['model.json']!, 'model.json', broken);
  const [{ paths, weights }] = weightsManifest;
  return {
    notes: userDefinedMetadata,
    fill(model) {
      const found = valuesOf(
        weights,
        paths.map((path) => files[path]!),
        broken,
      );
      copyWeights(namedWeights(kerasLayers(model, 'tfjs')), found, broken);
    },
  };
}

/** Weights lie one after the other, over the borders of files. */
function valuesOf(
  weights: readonly z.output<typeof weightsSchema>[],
  shards: readonly Uint8Array[],
  broken: Broken,
): NamedWeights[] {
  const bytes = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const shard of shards) {
    bytes.set(shard, end);
    end += shard.length;
  }
  let at = 0;
  return weights.map(({ name, shape }) => {
    const from = at;
    at += 4 * sizeOf(shape);
    if (at > bytes.length) throw broken(`its weights end within \`${name}\`.`);
    return { name, shape, values: new Float32Array(bytes.slice(from, at).buffer) };
  });
}
