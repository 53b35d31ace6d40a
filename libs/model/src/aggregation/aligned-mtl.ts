import { z } from 'zod';
import { overDescent } from './descent.ts';
import { symmetricEigen } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** G = VΛVᵀ over the kept eigenvalues; w = √σ V Λ^(−½) Vᵀ p, p = 1/K: principal components of equal length √σ. σ by `scale`. */
export const alignedMtl = defineWeighing({
  name: 'aligned-mtl',
  summary: 'Makes the principal components of the gradients equally long, then takes the mean.',
  source: 'Senushkin et al., CVPR 2023',
  needs: 'gramian',
  parameters: z.strictObject({ scale: z.enum(['min', 'median', 'rmse']).default('min') }),
  create: ({ scale }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ gramian, count }) => {
        const { values, vectors } = symmetricEigen(gramian, count);
        const rank = values.findLastIndex((value) => value > values[0]! * count * Number.EPSILON) + 1;
        const kept = values.subarray(0, rank);
        // The lower median of values sorted from the largest down.
        const common = {
          min: kept[rank - 1]!,
          median: kept[Math.floor(rank / 2)]!,
          rmse: kept.reduce((sum, value) => sum + value, 0) / rank,
        };
        const weights = new Float64Array(count);
        kept.forEach((value, j) => {
          let along = 0;
          for (let i = 0; i < count; i++) along += vectors[i * count + j]! / count;
          const stretch = Math.sqrt(common[scale] / value) * along;
          for (let i = 0; i < count; i++) weights[i]! += stretch * vectors[i * count + j]!;
        });
        return weights;
      }),
  }),
});
