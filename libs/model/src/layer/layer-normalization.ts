import { z } from 'zod';
import { initializerField } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { rescale, standardize } from './normalize.ts';
import { wrongShape } from './refuse.ts';

const schema = z.strictObject({
  epsilon: z.number().positive().default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  gammaInitializer: initializerField.default('ones'),
  betaInitializer: initializerField.default('zeros'),
});

/**
 * Each row standardised along its last axis, then gamma · x + beta (Ba, Kiros and Hinton 2016). Weights `gamma`, `beta`
 * [features]. Nothing is kept between batches, so nothing leaks between clients.
 */
export const layerNormalization: LayerKind<z.infer<typeof schema>> = {
  kind: 'layerNormalization',
  schema,
  place(inputShape, args, place) {
    const width = inputShape.at(-1);
    if (width === undefined) throw wrongShape('layerNormalization', place, inputShape, 'at least one axis, [features]');
    return {
      path: place.path,
      kind: 'layerNormalization',
      inputShape,
      outputShape: inputShape,
      weights: [
        ...(args.scale ? [{ name: 'gamma', shape: [width], initializer: args.gammaInitializer }] : []),
        ...(args.center ? [{ name: 'beta', shape: [width], initializer: args.betaInitializer }] : []),
      ],
      forward(x, weights, { tf }) {
        const gamma = args.scale ? weights[0] : undefined;
        const beta = args.center ? weights.at(-1) : undefined;
        return rescale(tf, standardize(tf, x, [x.rank - 1], args.epsilon), gamma, beta);
      },
    };
  },
};
