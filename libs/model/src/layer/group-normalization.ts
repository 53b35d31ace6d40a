import { z } from 'zod';
import { initializerField, positive } from './arguments.ts';
import type { LayerKind } from './layer.ts';
import { rescale, standardize } from './normalize.ts';
import { wrongShape } from './refuse.ts';

const schema = z.strictObject({
  groups: positive.default(32),
  epsilon: z.number().positive().default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  gammaInitializer: initializerField.default('ones'),
  betaInitializer: initializerField.default('zeros'),
});

/**
 * The channels (last axis) in `groups` of neighbours; within each row, each group is standardised over all its pixels
 * and channels, then gamma · x + beta a channel (Wu and He 2018). Weights `gamma`, `beta` [channels]. Arguments and
 * defaults are those of Keras; tf.layers has no such layer.
 */
export const groupNormalization: LayerKind<z.infer<typeof schema>> = {
  kind: 'groupNormalization',
  schema,
  place(inputShape, args, place) {
    const channels = inputShape.at(-1) ?? 0;
    if (channels === 0 || channels % args.groups !== 0) {
      throw wrongShape('groupNormalization', place, inputShape, `a last axis that ${args.groups} groups divide evenly`);
    }
    const grouped = [...inputShape.slice(0, -1), args.groups, channels / args.groups];
    // All axes but the batch and the groups; axis 0 is the batch.
    const axes = grouped.map((_, i) => i + 1).filter((axis) => axis !== grouped.length - 1);
    return {
      path: place.path,
      kind: 'groupNormalization',
      inputShape,
      outputShape: inputShape,
      weights: [
        ...(args.scale ? [{ name: 'gamma', shape: [channels], initializer: args.gammaInitializer }] : []),
        ...(args.center ? [{ name: 'beta', shape: [channels], initializer: args.betaInitializer }] : []),
      ],
      forward(x, weights, { tf }) {
        const gamma = args.scale ? weights[0] : undefined;
        const beta = args.center ? weights.at(-1) : undefined;
        const standard = standardize(tf, tf.reshape(x, [-1, ...grouped]), axes, args.epsilon);
        return rescale(tf, tf.reshape(standard, x.shape), gamma, beta);
      },
    };
  },
};
