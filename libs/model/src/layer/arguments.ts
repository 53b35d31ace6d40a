import { z } from 'zod';
import type { InitializerName } from './layer.ts';

/** The forms of argument that several layers share, as in tf.layers. */

export const positive = z.int().positive();

/** One number for both axes, or [height, width]. */
export const pairField = z
  .union([positive, z.tuple([positive, positive])])
  .transform((value): [number, number] => (typeof value === 'number' ? [value, value] : value));

export const paddingField = z.enum(['valid', 'same']);
export type Padding = z.infer<typeof paddingField>;

const INITIALIZERS = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'orthogonal',
  'randomUniform',
  'randomNormal',
  'zeros',
  'ones',
] as const satisfies readonly InitializerName[];

/** tf.layers writes `leCunNormal`, Keras `lecun_normal`: both spellings of the capital are taken. */
export const initializerField = z
  .enum([...INITIALIZERS, 'leCunUniform', 'leCunNormal'])
  .transform((name): InitializerName =>
    name.startsWith('leCun') ? (`lecun${name.slice(5)}` as InitializerName) : (name as InitializerName),
  );
