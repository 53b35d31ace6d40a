import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { checkConfig } from '../config/check.ts';
import { nearestFirst } from '../config/nearest.ts';
import { layoutOf, type Layout, type Shape } from '../layout.ts';
import { isRefused, plainKinds } from './allow-list.ts';
import type { Layer, LayerKind } from './layer.ts';
import { residual } from './residual.ts';
import { below, layerSpecSchema, locate, type At, type LayerSpec } from './spec.ts';
import { transformerBlock } from './transformer-block.ts';

/** Layers one after the other, each placed after the one before: a trunk, an adapter, the own layers of a head. */
export interface Stack {
  /** As given, every argument filled in. */
  readonly specs: readonly LayerSpec[];
  readonly layers: readonly Layer[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** A slot a weight, named `<layer path>/<weight>`, in the order of the layers. */
  readonly layout: Layout;
}

export interface StackPlace {
  /** Where the list stands, for errors. */
  readonly at: At;
  /** In front of the layers' paths; left out: nothing. */
  readonly path?: string;
}
export type PlaceStack = typeof placeStack;

/** Every layer that a run file may name. */
export const layerKinds: Readonly<Record<string, LayerKind<unknown>>> = {
  ...plainKinds,
  residual: residual(placeStack),
  transformerBlock: transformerBlock(placeStack),
};

/**
 * Checks `specs` against the allow-list and finds every shape; an empty list is the identity.
 * @throws LAYER_UNKNOWN, LAYER_REFUSED, LAYER_SHAPE, CONFIG_INVALID, CONFIG_UNKNOWN_KEY
 */
export function placeStack(specs: readonly LayerSpec[], inputShape: Shape, { at, path }: StackPlace): Stack {
  const checked = checkLayers(specs, at);
  const layers: Layer[] = [];
  let shape = inputShape;
  for (const [i, { kind, args }] of checked.entries()) {
    const name = `${i}-${kind.kind}`;
    const layer = kind.place(shape, args, {
      path: path ? `${path}/${name}` : name,
      at: locate(at, [i, kind.kind]),
      within: (inner) => locate(at, [i, kind.kind, ...inner]),
    });
    layers.push(layer);
    shape = layer.outputShape;
  }
  const tensors = layers.flatMap((layer) =>
    layer.weights.map((weight) => ({ name: `${layer.path}/${weight.name}`, shape: weight.shape })),
  );
  const filled = checked.map(({ kind, args }) => ({ [kind.kind]: args }));
  return { specs: filled, layers, inputShape, outputShape: shape, layout: layoutOf(tensors) };
}

/** True where a layer has no gradient on the wasm backend: the native or the cpu backend must train the stack. */
export const needsNativeOrCpu = (stack: Stack): boolean => stack.layers.some(({ trains }) => trains === 'not-wasm');

interface CheckedLayer {
  readonly kind: LayerKind<unknown>;
  readonly args: unknown;
}

/** Names and arguments, those of nested layers too; defaults filled in. */
function checkLayers(specs: readonly LayerSpec[], at: At): CheckedLayer[] {
  return specs.map((spec, i) => {
    const form = layerSpecSchema.safeParse(spec);
    if (!form.success) {
      const problem = `${form.error.issues[0]!.message}; found ${JSON.stringify(spec)}.`;
      throw fail('CONFIG_INVALID', {
        at: locate(at, [i]),
        key: 'layers',
        problem,
        remedy: 'Put each layer in a list item of its own.',
      });
    }
    const [name, given] = Object.entries(spec)[0]!;
    if (isOwnKind(given)) return { kind: given, args: undefined };
    const kind = kindNamed(name, locate(at, [i, name]));
    // YAML's `flatten:` without a value is null and means no arguments.
    const args = checkConfig(z.strictObject({ [name]: kind.schema }), { [name]: given ?? {} }, (path) =>
      locate(at, [i, ...path]),
    )[name];
    if (!kind.nests) return { kind, args };
    const nested = args as { layers: readonly LayerSpec[] };
    const layers = checkLayers(nested.layers, below(at, [i, name, 'layers']));
    return { kind, args: { ...nested, layers: layers.map((layer) => ({ [layer.kind.kind]: layer.args })) } };
  });
}

/** A client module may put a kind of its own in the place of arguments; no file and no message can hold a function. */
const isOwnKind = (given: unknown): given is LayerKind<unknown> =>
  typeof given === 'object' && given !== null && typeof (given as { place?: unknown }).place === 'function';

function kindNamed(name: string, at: string): LayerKind<unknown> {
  if (Object.hasOwn(layerKinds, name)) return layerKinds[name]!;
  if (isRefused(name)) throw fail('LAYER_REFUSED', { at, layer: name });
  const known = Object.keys(layerKinds);
  throw fail('LAYER_UNKNOWN', { at, layer: name, known: nearestFirst(name, known) });
}
