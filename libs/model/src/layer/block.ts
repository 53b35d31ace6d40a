import type { Layer, Place, WeightSpec } from './layer.ts';
import type { Stack } from './stack.ts';

/** The weights of a block's inner layers, named from the block on: `0-dense/kernel`. */
export const weightsInside = (inner: Stack, { path }: Place): WeightSpec[] =>
  inner.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({ ...weight, name: `${layer.path.slice(path.length + 1)}/${weight.name}` })),
  );

/** A block trains where all of its layers do. */
export const trainsInside = (inner: Stack): NonNullable<Layer['trains']> =>
  inner.layers.some(({ trains }) => trains === 'not-wasm') ? 'not-wasm' : 'everywhere';
