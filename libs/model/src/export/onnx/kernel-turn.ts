import { sizeOf, type Shape } from '../../layout.ts';
import type { ModelLayer } from '../exported-model.ts';

/** A kernel of a convolution as three axes. */
interface Axes {
  readonly pixels: number;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * How the kernel of a convolution lies in ONNX: ours is [h, w, channels, out], ONNX' [out, channels, h, w]. A depthwise one has one output
 * for each of its channels' multiples, [channels * out, 1, h, w].
 */
export function kernelTurn({ kind, weights }: ModelLayer): Axes & { readonly shape: Shape } {
  const [h, w, channels, out] = weights[0]!.shape as [number, number, number, number];
  if (kind === 'depthwiseConv2d')
    return { pixels: h * w, inputs: channels * out, outputs: 1, shape: [channels * out, 1, h, w] };
  return { pixels: h * w, inputs: channels, outputs: out, shape: [out, channels, h, w] };
}

/** [pixels, inputs, outputs] → [outputs, inputs, pixels]; with `pixels` and `outputs` exchanged it turns back. */
export function turnedKernel(values: Float32Array, { pixels, inputs, outputs }: Axes): Float32Array {
  const turned = new Float32Array(sizeOf([pixels, inputs, outputs]));
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        turned[(output * inputs + input) * pixels + pixel] = values[(pixel * inputs + input) * outputs + output]!;
      }
    }
  }
  return turned;
}
