/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** The value, or the nearest that float32 can hold: rounding alone would make larger ones infinite. */
export const withinFloat32 = (value: number): number => Math.min(LARGEST, Math.max(-LARGEST, value));
