import type { ActivationName } from '../../layer/index.ts';
import { paddingOf, type Window } from '../../layer/window.ts';
import type { ModelLayer } from '../exported-model.ts';
import { activated } from './activation.ts';
import type { Attribute, GraphPart, Value } from './graph.ts';
import { kernelTurn, turnedKernel } from './kernel-turn.ts';
import { channelsFirst } from './turn.ts';

type Pair = readonly [number, number];

interface ConvolutionArguments {
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly padding: Window['padding'];
  readonly dilationRate: Pair;
  readonly activation: ActivationName;
}

interface PoolingArguments {
  readonly poolSize: Pair;
  readonly strides?: Pair;
  readonly padding: Window['padding'];
}

/** ONNX' own `SAME_UPPER` pads alike, but some runtimes have it not: every pad is said, [top, left, bottom, right]. */
function padsOf(
  { inputShape, outputShape }: ModelLayer,
  { size, strides, padding, dilation = [1, 1] }: Window,
): number[] {
  const reach: Pair = [(size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1];
  const [rows, columns] = paddingOf(inputShape, [outputShape[0]!, outputShape[1]!], { size: reach, strides, padding });
  return [rows![0], columns![0], rows![1], columns![1]];
}

/** Convolutions; ours have kernels [h, w, channels, out], those of ONNX [out, channels, h, w]. */
export function convolution(part: GraphPart, x: Value, layer: ModelLayer): Value {
  const args = layer.args as unknown as ConvolutionArguments;
  const { kernelSize, strides, padding, dilationRate, activation } = args;
  const [kernel, bias] = layer.weights;
  const { pixels, inputs: from, outputs, shape } = kernelTurn(layer);
  const [h, w, channels] = kernel!.shape as [number, number, number];
  const turned = turnedKernel(kernel!.values, { pixels, inputs: from, outputs });
  const inputs = [channelsFirst(part, x).name, part.constant(kernel!.name, shape, turned)];
  if (bias) inputs.push(part.constant(bias.name, bias.shape, bias.values));
  const name = part.node('Conv', inputs, {
    kernel_shape: [h, w],
    strides,
    dilations: dilationRate,
    pads: padsOf(layer, { size: kernelSize, strides, padding, dilation: dilationRate }),
    group: layer.kind === 'depthwiseConv2d' ? channels : 1,
  });
  return activated(part, { name, shape: layer.outputShape, channelsFirst: true }, activation);
}

/** Pooling by the largest or by the mean; padding counts in neither. */
export function pooling(part: GraphPart, x: Value, layer: ModelLayer): Value {
  const { poolSize, strides = poolSize, padding } = layer.args as unknown as PoolingArguments;
  const attributes: Record<string, Attribute> = {
    kernel_shape: poolSize,
    strides,
    pads: padsOf(layer, { size: poolSize, strides, padding }),
  };
  const type = layer.kind === 'maxPooling2d' ? 'MaxPool' : 'AveragePool';
  const name = part.node(type, [channelsFirst(part, x).name], attributes);
  return { name, shape: layer.outputShape, channelsFirst: true };
}

/** The mean over all pixels. */
export const pixelMean = (part: GraphPart, x: Value, { outputShape }: ModelLayer): Value => ({
  name: part.node('ReduceMean', [x.name], { axes: x.channelsFirst ? [2, 3] : [1, 2], keepdims: 0 }),
  shape: outputShape,
  channelsFirst: false,
});

/** Every stride-th pixel of an image. */
export function everyPixel(part: GraphPart, x: Value, stride: number): Value {
  const [height, width, channels] = x.shape as [number, number, number];
  const name = part.node('MaxPool', [channelsFirst(part, x).name], { kernel_shape: [1, 1], strides: [stride, stride] });
  const shape = [Math.ceil(height / stride), Math.ceil(width / stride), channels];
  return { name, shape, channelsFirst: true };
}
