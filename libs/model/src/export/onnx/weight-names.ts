import type { ModelLayer } from '../exported-model.ts';
import type { GraphPart } from './graph.ts';

/** Puts a layer's weights into the graph as they are. @returns the tensors' names by the weights' own */
export const weightNames = (part: GraphPart, { weights }: ModelLayer): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(weights.map(({ name, shape, values }) => [name, part.constant(name, shape, values)]));
