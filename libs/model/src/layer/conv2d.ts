import { z } from 'zod';
import { addBias } from './add-bias.ts';
import { activate, activationField } from './activation-functions.ts';
import { initializerField, paddingField, pairField, positive } from './arguments.ts';
import { dilate } from './dilate.ts';
import type { LayerKind } from './layer.ts';
import { slide } from './window.ts';

const schema = z
  .strictObject({
    filters: positive,
    kernelSize: pairField,
    strides: pairField.default([1, 1]),
    padding: paddingField.default('valid'),
    dilationRate: pairField.default([1, 1]),
    activation: activationField.default('linear'),
    useBias: z.boolean().default(true),
    kernelInitializer: initializerField.default('glorotUniform'),
    biasInitializer: initializerField.default('zeros'),
  })
  .refine(({ strides, dilationRate }) => Math.max(...strides) === 1 || Math.max(...dilationRate) === 1, {
    path: ['dilationRate'],
    message: 'expected 1 where strides are greater than 1',
  });

/**
 * Convolution of [height, width, channels] → [height', width', filters]. Weights `kernel` [h, w, channels, filters],
 * `bias` [filters]. The wasm backend has no gradient of it.
 */
export const conv2d: LayerKind<z.infer<typeof schema>> = {
  kind: 'conv2d',
  schema,
  place(inputShape, args, place) {
    const { kernelSize, strides, padding, dilationRate, filters } = args;
    const window = { size: kernelSize, strides, padding, dilation: dilationRate };
    const outputShape = [...slide('conv2d', place, inputShape, window), filters];
    return {
      path: place.path,
      kind: 'conv2d',
      trains: 'not-wasm',
      inputShape,
      outputShape,
      weights: [
        { name: 'kernel', shape: [...kernelSize, inputShape[2]!, filters], initializer: args.kernelInitializer },
        ...(args.useBias ? [{ name: 'bias', shape: [filters], initializer: args.biasInitializer }] : []),
      ],
      forward(x, [kernel, bias], { tf }) {
        const image = x as ReturnType<typeof tf.tensor4d>;
        const filter = dilate(tf, kernel!, dilationRate) as typeof image;
        // Not tf.fused.conv2d: its gradient always computes that of the image too, which a first layer does not need.
        const y = tf.conv2d(image, filter, strides, padding);
        return activate(tf, args.activation, bias ? addBias(tf, y, bias) : y);
      },
    };
  },
};
