import { sizeOf, type Shape } from '../layout.ts';
import type { Random } from '../random.ts';
import type { InitializerName, WeightSpec } from './layer.ts';
import { orthogonal } from './orthogonal.ts';

/** Standard deviation of a normal cut off at ±2: dividing by it gives the cut-off normal the standard deviation asked for. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/**
 * The initial values of a weight, in layout order, each drawn from `random` in order. Definitions are those of Keras: uniform
 * within ±√(3 scale / n), or a normal truncated at two deviations whose own deviation is √(scale / n), with n the fan-in
 * (he: scale 2, He et al. 2015; lecun: scale 1, LeCun et al. 1998) or the mean of both fans (glorot, Glorot and Bengio
 * 2010); randomUniform within ±0.05, randomNormal with deviation 0.05; orthogonal: Saxe et al. 2014.
 */
export function initialize(spec: WeightSpec, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  const fill = (draw: () => number) => {
    for (let i = 0; i < values.length; i++) values[i] = draw();
    return values;
  };
  const plain = PLAIN[spec.initializer];
  if (plain) return fill(() => plain(random));
  if (spec.initializer === 'orthogonal') return orthogonal(spec.shape, random);
  const { scale, mode, normal } = VARIANCE_SCALING[spec.initializer as keyof typeof VARIANCE_SCALING];
  const [fanIn, fanOut] = fans(spec.shape);
  const variance = scale / Math.max(1, mode === 'in' ? fanIn : (fanIn + fanOut) / 2);
  if (normal) {
    const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION;
    return fill(() => deviation * truncatedNormal(random));
  }
  const limit = Math.sqrt(3 * variance);
  return fill(() => limit * (2 * random.uniform() - 1));
}

const PLAIN: Partial<Record<InitializerName, (random: Random) => number>> = {
  zeros: () => 0,
  ones: () => 1,
  randomUniform: (random) => 0.05 * (2 * random.uniform() - 1),
  randomNormal: (random) => 0.05 * random.normal(),
};

const VARIANCE_SCALING = {
  glorotUniform: { scale: 1, mode: 'average', normal: false },
  glorotNormal: { scale: 1, mode: 'average', normal: true },
  heUniform: { scale: 2, mode: 'in', normal: false },
  heNormal: { scale: 2, mode: 'in', normal: true },
  lecunUniform: { scale: 1, mode: 'in', normal: false },
  lecunNormal: { scale: 1, mode: 'in', normal: true },
} as const;

/** Draws again until within ±2. */
function truncatedNormal(random: Random): number {
  for (;;) {
    const x = random.normal();
    if (Math.abs(x) < 2) return x;
  }
}

/** [fan-in, fan-out] as Keras counts them: for a kernel [h, w, in, out] the window's h · w multiplies both. */
export function fans(shape: Shape): [number, number] {
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1];
  const window = sizeOf(shape.slice(0, -2));
  return [window * shape.at(-2)!, window * shape.at(-1)!];
}
