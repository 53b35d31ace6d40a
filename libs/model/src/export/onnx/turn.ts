import type { GraphPart, Value } from './graph.ts';

/** The value as [batch, channels, height, width]. */
export const channelsFirst = (part: GraphPart, x: Value): Value =>
  x.channelsFirst ? x : { ...x, name: part.node('Transpose', [x.name], { perm: [0, 3, 1, 2] }), channelsFirst: true };

/** The value as our layers have it: of an image [batch, height, width, channels]. */
export const channelsLast = (part: GraphPart, x: Value): Value =>
  x.channelsFirst ? { ...x, name: part.node('Transpose', [x.name], { perm: [0, 2, 3, 1] }), channelsFirst: false } : x;
