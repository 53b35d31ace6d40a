import { z } from 'zod';
import { affine } from './dense.ts';
import { forward } from './forward.ts';
import { trainsInside, weightsInside } from './block.ts';
import type { LayerKind, Place, Tensor, Tf, WeightSpec } from './layer.ts';
import { wrongShape } from './refuse.ts';
import { layerSpecSchema } from './spec.ts';
import type { PlaceStack } from './stack.ts';
import type { Shape } from '../layout.ts';

const schema = z.strictObject({ layers: z.array(layerSpecSchema).min(1) });

/**
 * x + layers(x) (He et al. 2016). Where the layers change the shape, x is projected without bias: [..., n] by a dense
 * kernel, [height, width, channels] by a 1 x 1 convolution whose stride the two sizes give. Weights: those of the layers,
 * then `projection/kernel` where there is one. An activation after the sum is a layer of its own.
 */
export const residual = (placeStack: PlaceStack): LayerKind<z.infer<typeof schema>> => ({
  kind: 'residual',
  nests: true,
  schema,
  place(inputShape, { layers }, place) {
    const inner = placeStack(layers, inputShape, {
      path: place.path,
      at: place.within ? (path) => place.within!(['layers', ...path]) : `${place.at}.layers`,
    });
    const shortcut = shortcutBetween(inputShape, inner.outputShape, place);
    const weights = weightsInside(inner, place);
    return {
      path: place.path,
      kind: 'residual',
      trains: trainsInside(inner),
      inputShape,
      outputShape: inner.outputShape,
      inner,
      weights: [...weights, ...shortcut.weights],
      forward: (x, all, context) =>
        context.tf.add(
          forward(inner, x, all.slice(0, weights.length), context),
          shortcut.forward(context.tf, x, all[weights.length]),
        ),
    };
  },
});

interface Shortcut {
  readonly weights: readonly WeightSpec[];
  forward(tf: Tf, x: Tensor, kernel: Tensor | undefined): Tensor;
}

function shortcutBetween(from: Shape, to: Shape, place: Place): Shortcut {
  if (from.length === to.length && from.every((side, i) => side === to[i])) {
    return { weights: [], forward: (_tf, x) => x };
  }
  const stride = strideBetween(from, to);
  if (stride === undefined) {
    const expected = `layers whose output, here [${to.join(', ')}], differs from their input in the last axis alone, or in an image's size by a whole stride`;
    throw wrongShape('residual', place, from, expected);
  }
  const kernel = {
    name: 'projection/kernel',
    shape: [from.at(-1)!, to.at(-1)!],
    initializer: 'glorotUniform',
  } as const;
  return {
    weights: [kernel],
    // A 1 x 1 convolution is a dense layer on every stride-th pixel.
    forward: (tf, x, values) => affine(tf, stride === 1 ? x : everyPixel(tf, x, stride), values!, undefined),
  };
}

/** Every stride-th pixel: pooling by a window of one pixel, which has a gradient where tfjs's strided slice has none. */
const everyPixel = (tf: Tf, x: Tensor, stride: number): Tensor =>
  tf.avgPool(x as ReturnType<typeof tf.tensor4d>, [1, 1], stride, 'same');

/** The stride that takes `from` to `to`; undefined where none does. */
export function strideBetween(from: Shape, to: Shape): number | undefined {
  if (from.length !== to.length) return undefined;
  if (from.slice(0, -1).every((side, i) => side === to[i])) return 1;
  if (from.length !== 3) return undefined;
  const stride = Math.ceil(from[0]! / to[0]!);
  return Math.ceil(from[0]! / stride) === to[0] && Math.ceil(from[1]! / stride) === to[1] ? stride : undefined;
}
