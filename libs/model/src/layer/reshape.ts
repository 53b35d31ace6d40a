import { z } from 'zod';
import { sizeOf } from '../layout.ts';
import { positive } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { wrongShape } from './refuse.ts';

const schema = z.strictObject({
  targetShape: z
    .array(z.union([positive, z.literal(-1)]))
    .min(1)
    .max(5)
    .refine((shape) => shape.filter((side) => side === -1).length <= 1, { message: 'expected at most one -1' }),
});

/** The same elements in another shape; one side may be −1 and follows from the others. */
export const reshape: LayerKind<z.infer<typeof schema>> = {
  kind: 'reshape',
  schema,
  place(inputShape, { targetShape }, place) {
    const size = sizeOf(inputShape);
    const given = sizeOf(targetShape.filter((side) => side !== -1));
    const outputShape = targetShape.map((side) => (side === -1 ? size / given : side));
    if (!outputShape.every(Number.isInteger) || sizeOf(outputShape) !== size) {
      const expected = `${targetShape.includes(-1) ? `a multiple of ${given}` : given} elements for [${targetShape.join(', ')}]`;
      throw wrongShape('reshape', place, inputShape, expected);
    }
    return {
      path: place.path,
      kind: 'reshape',
      inputShape,
      outputShape,
      weights: [],
      forward: (x, _weights, { tf }) => tf.reshape(x, [-1, ...outputShape]),
    };
  },
};
