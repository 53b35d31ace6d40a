import { activation } from './activation.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { depthwiseConv2d } from './depthwise-conv2d.ts';
import { dropout } from './dropout.ts';
import { embedding } from './embedding.ts';
import { flatten } from './flatten.ts';
import { globalAveragePooling1d } from './global-average-pooling1d.ts';
import { globalAveragePooling2d } from './global-average-pooling2d.ts';
import { groupNormalization } from './group-normalization.ts';
import { layerNormalization } from './layer-normalization.ts';
import type { LayerKind } from './layer.ts';
import { maxPooling2d } from './max-pooling2d.ts';
import { multiHeadAttention } from './multi-head-attention.ts';
import { positionalEmbedding } from './positional-embedding.ts';
import { reshape } from './reshape.ts';

/** Layers of one step each, by the name that run files use. Blocks, which hold layers themselves, are added in stack.ts. */
export const plainKinds: Readonly<Record<string, LayerKind<unknown>>> = {
  dense,
  conv2d,
  depthwiseConv2d,
  maxPooling2d,
  averagePooling2d,
  globalAveragePooling2d,
  globalAveragePooling1d,
  flatten,
  reshape,
  activation,
  dropout,
  groupNormalization,
  layerNormalization,
  embedding,
  positionalEmbedding,
  multiHeadAttention,
};

/** Known, and refused: their statistics of a batch leak between clients and differ from client to client. */
export const isRefused = (name: string): boolean =>
  /^(sync)?batchnorm(alization)?(v\d+)?$/i.test(name.replaceAll('_', ''));
