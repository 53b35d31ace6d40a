import type { ModelLayer } from '../exported-model.ts';
import type { GraphPart, Value } from './graph.ts';
import { weightNames } from './weight-names.ts';

/** Self-attention as layer/multi-head-attention.ts computes it: [tokens, features], shape unchanged. */
export function attention(part: GraphPart, x: Value, layer: ModelLayer): Value {
  const [tokens, features] = layer.inputShape as [number, number];
  const { numHeads, keyDim = features / numHeads } = layer.args as { numHeads: number; keyDim?: number };
  const weights = weightNames(part, layer);
  const mapped = (name: string, input: string): string => {
    const product = part.node('MatMul', [input, weights[`${name}Kernel`]!]);
    const bias = weights[`${name}Bias`];
    return bias === undefined ? product : part.node('Add', [product, bias]);
  };
  const apart = part.list('heads', [0, tokens, numHeads, keyDim]);
  const heads = (name: string, perm: readonly number[]): string =>
    part.node('Transpose', [part.node('Reshape', [mapped(name, x.name), apart])], { perm });
  const scale = part.constant('scale', [], Float32Array.of(1 / Math.sqrt(keyDim)));
  const query = part.node('Mul', [heads('query', [0, 2, 1, 3]), scale]);
  const mixing = part.node('Softmax', [part.node('MatMul', [query, heads('key', [0, 2, 3, 1])])], { axis: -1 });
  const mixed = part.node('MatMul', [mixing, heads('value', [0, 2, 1, 3])]);
  const side = part.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  const together = part.node('Reshape', [side, part.list('together', [0, tokens, numHeads * keyDim])]);
  return { ...x, name: mapped('output', together) };
}
