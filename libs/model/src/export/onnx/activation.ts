import { LEAKY_SLOPE, type ActivationName } from '../../layer/index.ts';
import type { GraphPart, Value } from './graph.ts';
import { channelsLast } from './turn.ts';

const scalar = (part: GraphPart, name: string, value: number): string =>
  part.constant(name, [], Float32Array.of(value));

/** Our activations (layer/activation-functions.ts) in operators of ONNX; softmax along our last axis. */
const WRITE: Readonly<Record<ActivationName, (part: GraphPart, x: string) => string>> = {
  linear: (_, x) => x,
  relu: (part, x) => part.node('Relu', [x]),
  relu6: (part, x) => part.node('Clip', [x, scalar(part, 'zero', 0), scalar(part, 'six', 6)]),
  leakyRelu: (part, x) => part.node('LeakyRelu', [x], { alpha: { float: LEAKY_SLOPE } }),
  elu: (part, x) => part.node('Elu', [x]),
  selu: (part, x) => part.node('Selu', [x]),
  gelu(part, x) {
    const phi = part.node('Erf', [part.node('Mul', [x, scalar(part, 'sqrt-half', Math.SQRT1_2)])]);
    const half = part.node('Mul', [x, scalar(part, 'half', 0.5)]);
    return part.node('Mul', [half, part.node('Add', [phi, scalar(part, 'one', 1)])]);
  },
  sigmoid: (part, x) => part.node('Sigmoid', [x]),
  tanh: (part, x) => part.node('Tanh', [x]),
  softplus: (part, x) => part.node('Softplus', [x]),
  swish: (part, x) => part.node('Mul', [x, part.node('Sigmoid', [x])]),
  softmax: (part, x) => part.node('Softmax', [x], { axis: -1 }),
};

/** An activation of each element, the image's axes as they are. */
export function activated(part: GraphPart, x: Value, name: ActivationName): Value {
  const value = name === 'softmax' ? channelsLast(part, x) : x;
  return { ...value, name: WRITE[name](part, value.name) };
}
