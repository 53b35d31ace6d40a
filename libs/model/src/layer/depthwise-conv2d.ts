import { z } from 'zod';
import { activate, activationField } from './activation-functions.ts';
import { initializerField, paddingField, pairField, positive } from './arguments.ts';
import { dilate } from './dilate.ts';
import type { LayerKind } from './layer.ts';
import { slide } from './window.ts';

const schema = z
  .strictObject({
    kernelSize: pairField,
    strides: pairField.default([1, 1]),
    padding: paddingField.default('valid'),
    dilationRate: pairField.default([1, 1]),
    depthMultiplier: positive.default(1),
    activation: activationField.default('linear'),
    useBias: z.boolean().default(true),
    depthwiseInitializer: initializerField.default('glorotUniform'),
    biasInitializer: initializerField.default('zeros'),
  })
  .refine(({ strides }) => strides[0] === strides[1], {
    path: ['strides'],
    // TensorFlow's own kernel knows no other.
    message: 'expected the same stride along both axes',
  })
  .refine(({ strides, dilationRate }) => Math.max(...strides) === 1 || Math.max(...dilationRate) === 1, {
    path: ['dilationRate'],
    message: 'expected 1 where strides are greater than 1',
  });

/**
 * A convolution of each channel by itself: [height, width, channels] → [height', width', channels · depthMultiplier]. Weights
 * `depthwiseKernel` [h, w, channels, depthMultiplier], `bias`. The wasm backend has no gradient of it.
 */
export const depthwiseConv2d: LayerKind<z.infer<typeof schema>> = {
  kind: 'depthwiseConv2d',
  schema,
  place(inputShape, args, place) {
    const { kernelSize, strides, padding, dilationRate, depthMultiplier } = args;
    const moved = slide('depthwiseConv2d', place, inputShape, {
      size: kernelSize,
      strides,
      padding,
      dilation: dilationRate,
    });
    const channels = inputShape[2]!;
    const kernel = {
      name: 'depthwiseKernel',
      shape: [...kernelSize, channels, depthMultiplier],
      initializer: args.depthwiseInitializer,
    };
    const bias = { name: 'bias', shape: [channels * depthMultiplier], initializer: args.biasInitializer };
    return {
      path: place.path,
      kind: 'depthwiseConv2d',
      trains: 'not-wasm',
      inputShape,
      outputShape: [...moved, channels * depthMultiplier],
      weights: args.useBias ? [kernel, bias] : [kernel],
      forward(x, [values, shift], { tf }) {
        const image = x as ReturnType<typeof tf.tensor4d>;
        const filter = dilate(tf, values!, dilationRate) as typeof image;
        const y = tf.depthwiseConv2d(image, filter, strides, padding);
        return activate(tf, args.activation, shift ? tf.add(y, shift) : y);
      },
    };
  },
};
