import type { ModelLayer } from '../exported-model.ts';
import type { GraphPart, Value } from './graph.ts';
import { weightNames } from './weight-names.ts';

/**
 * (x − mean) / √(variance + epsilon) over the last axis, or over each group of channels and all pixels, then gamma · x + beta: what
 * layer/normalize.ts computes, in operators that are in ONNX from the first version on that has the rest.
 */
export function normalization(part: GraphPart, x: Value, layer: ModelLayer): Value {
  const { epsilon, groups } = layer.args as { epsilon: number; groups?: number };
  const { gamma, beta } = weightNames(part, layer);
  const standard = groups === undefined ? alongLastAxis(part, x.name, epsilon) : inGroups(part, x, groups, epsilon);
  const scaled = gamma === undefined ? standard : part.node('Mul', [standard, gamma]);
  return { ...x, name: beta === undefined ? scaled : part.node('Add', [scaled, beta]) };
}

const alongLastAxis = (part: GraphPart, x: string, epsilon: number): string => standardized(part, x, [-1], epsilon);

function inGroups(part: GraphPart, { name, shape }: Value, groups: number, epsilon: number): string {
  const grouped = [0, ...shape.slice(0, -1), groups, shape.at(-1)! / groups];
  const axes = grouped.map((_, axis) => axis).filter((axis) => axis > 0 && axis !== grouped.length - 2);
  const apart = part.node('Reshape', [name, part.list('groups', grouped)]);
  return part.node('Reshape', [standardized(part, apart, axes, epsilon), part.list('whole', [0, ...shape])]);
}

function standardized(part: GraphPart, x: string, axes: readonly number[], epsilon: number): string {
  const centred = part.node('Sub', [x, part.node('ReduceMean', [x], { axes })]);
  const variance = part.node('ReduceMean', [part.node('Mul', [centred, centred])], { axes });
  const shifted = part.node('Add', [variance, part.constant('epsilon', [], Float32Array.of(epsilon))]);
  return part.node('Div', [centred, part.node('Sqrt', [shifted])]);
}
