import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import type { At, LayerSpec } from '../layer/spec.ts';
import { placeStack } from '../layer/stack.ts';
import { inOrder, type KerasLayer } from './keras-chain.ts';
import { translate } from './keras-layer.ts';
import type { TrunkSpec } from './spec.ts';

/** A trunk from a file, and where its parts stand in it: hand both to `buildTrunk`. */
export interface KerasTrunk extends TrunkSpec {
  readonly at: At;
}

/**
 * The layers of a Keras model as a trunk: `model.to_json()` of Keras 2 and 3, the `config.json` of a `.keras` file, or the
 * `model.json` of tfjs; `json` is the parsed file, `at` its name. Sequential models, and functional ones that are a single
 * chain. Weights in the file are not read: a trunk starts from its seed. `input` is needed where the file has no input shape.
 * @throws LAYER_UNKNOWN, LAYER_REFUSED, CONFIG_INVALID
 */
export function trunkFromKeras(
  json: unknown,
  { at: file, input }: { at: string; input?: readonly number[] },
): KerasTrunk {
  const chain = inOrder(json, file);
  const shape = inputShape(chain, file, input);
  const names: string[] = [];
  const layers: LayerSpec[] = [];
  for (const layer of chain) {
    const at = `${file}: layer \`${layer.name}\``;
    // Only a few arguments need the rank, which only the layers before can tell.
    const rank = () => placeStack(layers, shape, { at: file }).outputShape.length;
    const spec = translate(layer, { at, rank });
    if (!spec) continue;
    names.push(layer.name);
    layers.push(spec);
  }
  const at: At = ([key, i]) => (key === 'layers' && typeof i === 'number' ? `${file}: layer \`${names[i]}\`` : file);
  return { input: shape, layers, at };
}

const shapeField = z.array(z.int().positive()).min(1).max(4);

function inputShape(chain: readonly KerasLayer[], file: string, given: readonly number[] | undefined): number[] {
  const first = chain[0]?.config ?? {};
  const stored = first.batch_shape ?? first.batch_input_shape;
  const shape = Array.isArray(stored) ? (stored as unknown[]).slice(1) : undefined;
  const invalid = (problem: string, remedy: string) =>
    fail('CONFIG_INVALID', { at: file, key: 'input', problem, remedy });
  if (given) {
    const fits =
      !shape || (shape.length === given.length && shape.every((side, i) => side === null || side === given[i]));
    if (fits) return [...given];
    const sides = JSON.stringify(shape).replaceAll('null', 'any').slice(1, -1).replaceAll(',', ', ');
    throw invalid(
      `the model takes [${sides}], the run file says [${given.join(', ')}].`,
      'Remove `input` from the run file, or correct it.',
    );
  }
  const checked = shapeField.safeParse(shape);
  if (checked.success) return checked.data;
  throw invalid(
    'the file does not give the shape of one input.',
    'Write it beside `file`, for example `input: [28, 28, 1]`.',
  );
}
