export { ACTIVATIONS, LEAKY_SLOPE, activate, activationField, type ActivationName } from './activation-functions.ts';
export { forward } from './forward.ts';
export { initialValues } from './initial-values.ts';
export type { ForwardContext, Layer, LayerKind, Place, Tensor, Tf, WeightSpec } from './layer.ts';
export { layerSpecSchema, type At, type LayerSpec } from './spec.ts';
export { layerKinds, needsNativeOrCpu, placeStack, type Stack, type StackPlace } from './stack.ts';
