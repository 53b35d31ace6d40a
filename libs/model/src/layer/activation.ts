import { z } from 'zod';
import { activate, activationField } from './activation-functions.ts';
import type { LayerKind } from './layer.ts';

const schema = z.strictObject({ activation: activationField });

/** An activation as a layer of its own; the shape stays. */
export const activation: LayerKind<z.infer<typeof schema>> = {
  kind: 'activation',
  schema,
  place: (inputShape, args, { path }) => ({
    path,
    kind: 'activation',
    inputShape,
    outputShape: inputShape,
    weights: [],
    forward: (x, _, { tf }) => activate(tf, args.activation, x),
  }),
};
