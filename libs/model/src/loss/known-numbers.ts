import type { Labels } from './loss.ts';

/** Labels as targets, 0 where one is missing: its element weighs 0, and 0 · NaN would be NaN. */
export const knownNumbers = ({ values }: Labels): Float32Array =>
  values.map((label) => (Number.isNaN(label) ? 0 : label));
