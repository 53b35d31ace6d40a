import { z } from 'zod';
import { layerSpecSchema, type LayerSpec } from '../layer/spec.ts';

/** The key `adapter`: `identity`, or a list of layers as in the trunk. Gives the layers; none for the identity. */
export const adapterSchema: z.ZodType<readonly LayerSpec[]> = z.union(
  [z.literal('identity').transform((): LayerSpec[] => []), z.array(layerSpecSchema)],
  { error: 'expected `identity` or a list of layers' },
);
