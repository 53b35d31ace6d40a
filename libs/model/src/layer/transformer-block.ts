import { z } from 'zod';
import { activationField } from './activation-functions.ts';
import { positive } from './arguments.ts';
import { forward } from './forward.ts';
import { trainsInside, weightsInside } from './block.ts';
import type { LayerKind } from './layer.ts';
import { sequenceShape } from './refuse.ts';
import type { PlaceStack } from './stack.ts';

const schema = z.strictObject({
  numHeads: positive,
  /** Width of the feed-forward part. Left out: four times the features. */
  intermediateDim: positive.optional(),
  activation: activationField.default('gelu'),
  dropout: z.number().min(0).lt(1).default(0),
  epsilon: z.number().positive().default(1e-5),
});

/**
 * One block of a transformer, normalised before each part (Vaswani et al. 2017; the order of Xiong et al. 2020): self-attention,
 * then two dense layers token by token, each added to its input. [tokens, features], shape unchanged. It is made of the
 * allow-listed layers, `residual: { layers: [layerNormalization, multiHeadAttention, dropout] }` and `residual: { layers:
 * [layerNormalization, dense, dense, dropout] }`, and its weights are named as theirs.
 */
export const transformerBlock = (placeStack: PlaceStack): LayerKind<z.infer<typeof schema>> => ({
  kind: 'transformerBlock',
  schema,
  place(inputShape, args, place) {
    const features = sequenceShape('transformerBlock', place, inputShape)[1];
    const { numHeads, intermediateDim = 4 * features, activation, dropout: rate, epsilon } = args;
    const attention = [{ layerNormalization: { epsilon } }, { multiHeadAttention: { numHeads, dropout: rate } }];
    const feedForward = [
      { layerNormalization: { epsilon } },
      { dense: { units: intermediateDim, activation } },
      { dense: { units: features } },
    ];
    const inner = placeStack(
      [attention, feedForward].map((layers) => ({ residual: { layers: [...layers, { dropout: { rate } }] } })),
      inputShape,
      { path: place.path, at: () => place.at },
    );
    return {
      path: place.path,
      kind: 'transformerBlock',
      trains: trainsInside(inner),
      inputShape,
      outputShape: inner.outputShape,
      inner,
      weights: weightsInside(inner, place),
      forward: (x, weights, context) => forward(inner, x, weights, context),
    };
  },
});
