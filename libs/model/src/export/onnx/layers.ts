import { fail } from '@trunkline/protocol';
import type { ActivationName } from '../../layer/index.ts';
import { strideBetween } from '../../layer/residual.ts';
import type { ModelLayer } from '../exported-model.ts';
import { activated } from './activation.ts';
import { attention } from './attention.ts';
import type { Graph, GraphPart, Value } from './graph.ts';
import { convolution, everyPixel, pixelMean, pooling } from './images.ts';
import { normalization } from './normalization.ts';
import { channelsLast } from './turn.ts';
import { weightNames } from './weight-names.ts';

type Write = (part: GraphPart, x: Value, layer: ModelLayer) => Value;

/** For a layer that takes its axes in our order. */
const last =
  (write: Write): Write =>
  (part, x, layer) =>
    write(part, channelsLast(part, x), layer);

const reshaped: Write = (part, x, { outputShape }) => ({
  ...x,
  name: part.node('Reshape', [x.name, part.list('shape', [0, ...outputShape])]),
  shape: outputShape,
});

const WRITE: Readonly<Record<string, Write>> = {
  dense: last((part, x, layer) => {
    const { kernel, bias } = weightNames(part, layer);
    const product = part.node('MatMul', [x.name, kernel!]);
    const name = bias === undefined ? product : part.node('Add', [product, bias]);
    const { activation } = layer.args as { activation: ActivationName };
    return activated(part, { ...x, name, shape: layer.outputShape }, activation);
  }),
  conv2d: convolution,
  depthwiseConv2d: convolution,
  maxPooling2d: pooling,
  averagePooling2d: pooling,
  globalAveragePooling2d: pixelMean,
  globalAveragePooling1d: last((part, x, { outputShape }) => ({
    ...x,
    name: part.node('ReduceMean', [x.name], { axes: [1], keepdims: 0 }),
    shape: outputShape,
  })),
  flatten: last(reshaped),
  reshape: last(reshaped),
  activation: (part, x, { args }) => activated(part, x, args['activation'] as ActivationName),
  dropout: (_, x) => x,
  groupNormalization: last(normalization),
  layerNormalization: last(normalization),
  embedding: last((part, x, layer) => {
    const whole = part.node('Cast', [x.name], { to: 7 });
    return {
      ...x,
      name: part.node('Gather', [weightNames(part, layer)['embeddings']!, whole]),
      shape: layer.outputShape,
    };
  }),
  positionalEmbedding: last((part, x, layer) => ({
    ...x,
    name: part.node('Add', [x.name, weightNames(part, layer)['embeddings']!]),
  })),
  multiHeadAttention: last(attention),
};

/** Layers one after the other. @throws EXPORT_LAYER for one that a client module defines */
export const chained = (graph: Graph, input: Value, layers: readonly ModelLayer[]): Value =>
  layers.reduce((x, layer) => written(graph, x, layer), input);

function written(graph: Graph, x: Value, layer: ModelLayer): Value {
  if (layer.kind === 'residual') return residual(graph, x, layer);
  if (layer.inner) return chained(graph, x, layer.inner);
  const write = Object.hasOwn(WRITE, layer.kind) ? WRITE[layer.kind] : undefined;
  if (write) return write(graph.part(layer.name), x, layer);
  throw fail('EXPORT_LAYER', {
    layer: layer.name,
    format: 'an ONNX file',
    why: 'what it computes only its module knows',
  });
}

/** x + layers(x), x projected where its shape changes: layer/residual.ts. */
function residual(graph: Graph, x: Value, layer: ModelLayer): Value {
  const part = graph.part(layer.name);
  const inner = channelsLast(part, chained(graph, x, layer.inner!));
  const kernel = layer.weights.find(({ name }) => name === 'projection/kernel');
  let short = x;
  if (kernel) {
    const stride = strideBetween(layer.inputShape, layer.outputShape)!;
    const kept = channelsLast(part, stride === 1 ? x : everyPixel(part, x, stride));
    const name = part.node('MatMul', [kept.name, part.constant(kernel.name, kernel.shape, kernel.values)]);
    short = { ...kept, name };
  }
  const sum = part.node('Add', [inner.name, channelsLast(part, short).name]);
  return { name: sum, shape: layer.outputShape, channelsFirst: false };
}
