import { geometryOf, type Geometry } from './cosines.ts';

/** The geometry of G + ε·tr(G)·I, as TorchJD regularises (ε = 1e-4 there). ε = 0: unchanged. Above 0 small gradients may conflict with the result. */
export function regularised(geometry: Geometry, regularisation: number): Geometry {
  if (regularisation === 0) return geometry;
  const { gramian, count, norms } = geometry;
  const added = regularisation * norms.reduce((sum, norm) => sum + norm * norm, 0);
  const diagonal = (at: number) => Math.floor(at / count) === at % count;
  return geometryOf(
    gramian.map((value, at) => (diagonal(at) ? value + added : value)),
    count,
  );
}
