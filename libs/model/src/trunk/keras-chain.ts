import { z } from 'zod';
import { fail } from '@trunkline/protocol';

export interface KerasLayer {
  /** `Dense`, `Conv2D`, … */
  readonly kind: string;
  readonly name: string;
  /** As in the file, its keys in snake case. */
  readonly config: Readonly<Record<string, unknown>>;
}

const layerForm = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  // A list where the layer is itself such an older Sequential.
  config: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]),
  inbound_nodes: z.unknown().optional(),
});
type LayerForm = z.infer<typeof layerForm>;

const modelForm = z.object({
  class_name: z.enum(['Sequential', 'Functional', 'Model']),
  // Keras before 2.2 wrote a Sequential's layers where its configuration is now.
  config: z.union([z.array(layerForm), z.object({ layers: z.array(layerForm) })]),
});

/**
 * The layers of a model file from input to output, those of models inside it included.
 * @throws CONFIG_INVALID where the file is no Keras model, or one that branches
 */
export function inOrder(json: unknown, file: string): KerasLayer[] {
  const parsed = modelForm.safeParse(topology(json));
  if (!parsed.success) {
    throw fail('CONFIG_INVALID', {
      at: file,
      key: 'file',
      problem: 'expected a Sequential or Functional model as Keras or tfjs writes it.',
      remedy: 'Write the file with `model.to_json()`, or take the model.json of tfjs.',
    });
  }
  const { class_name: kind, config } = parsed.data;
  const layers = Array.isArray(config) ? config : config.layers;
  const chain = kind === 'Sequential' ? layers : follow(layers, file);
  return chain.flatMap((layer) =>
    modelForm.shape.class_name.safeParse(layer.class_name).success
      ? inOrder(layer, file)
      : [{ kind: layer.class_name, name: nameOf(layer), config: Array.isArray(layer.config) ? {} : layer.config }],
  );
}

/** The model within a tfjs model.json, a Keras HDF5 attribute, or the file itself. */
function topology(json: unknown): unknown {
  const { modelTopology, model_config } = (json ?? {}) as Record<string, unknown>;
  return modelTopology ? topology(modelTopology) : model_config ? topology(model_config) : json;
}

const nameOf = (layer: LayerForm): string => {
  const name = Array.isArray(layer.config) ? undefined : layer.config.name;
  return typeof name === 'string' ? name : (layer.name ?? layer.class_name);
};

/** A functional model's layers along its one chain. */
function follow(layers: readonly LayerForm[], file: string): LayerForm[] {
  const after = new Map<string | undefined, LayerForm>();
  for (const layer of layers) {
    const sources = inputsOf(layer.inbound_nodes);
    if (sources.length > 1) throw branches(file, `layer \`${nameOf(layer)}\` has ${sources.length} inputs`);
    const other = after.get(sources[0]);
    if (other) throw branches(file, `layers \`${nameOf(other)}\` and \`${nameOf(layer)}\` share their input`);
    after.set(sources[0], layer);
  }
  const chain: LayerForm[] = [];
  for (let next = after.get(undefined); next && chain.length < layers.length; next = after.get(nameOf(next))) {
    chain.push(next);
  }
  if (chain.length < layers.length) throw branches(file, 'its layers are not connected');
  return chain;
}

const branches = (file: string, found: string) =>
  fail('CONFIG_INVALID', {
    at: file,
    key: 'file',
    problem: `the model is not one chain of layers: ${found}.`,
    remedy: 'Write its branches in the run file as `residual: { layers: [...] }`.',
  });

/** Names of the layers that a layer reads: `["name", 0, 0, {}]` in Keras 2 and tfjs, `keras_history` of a tensor in Keras 3. */
function inputsOf(node: unknown): string[] {
  if (Array.isArray(node)) {
    const [name, index] = node as unknown[];
    return typeof name === 'string' && typeof index === 'number' ? [name] : (node as unknown[]).flatMap(inputsOf);
  }
  if (typeof node !== 'object' || node === null) return [];
  return Object.values(node).flatMap(inputsOf);
}
